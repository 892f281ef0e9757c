/** The filter by state: `?state=` in the URL of the reservations. */
import { OPEN_STATES, RESERVATION_STATES } from '../../words/reservation-text.ts'
import type { Reservation } from '../../api/types.ts'

type State = Reservation['state']

const ALL = 'all'

/** Returns the states that a URL asks for: the open ones without it, every state with `all`. */
export function readStates(params: URLSearchParams): readonly State[] {
  const text = params.get('state') ?? ''
  if (text === ALL) return RESERVATION_STATES
  const wanted = text.split(',')
  const found = RESERVATION_STATES.filter((state) => wanted.includes(state))
  return found.length > 0 ? found : OPEN_STATES
}

/**
 * Returns the rows of both lists, each reservation once. The lists are read one after the other, so a reservation that
 * ends between the reads is in both.
 */
export function rowsOf(
  open: readonly Reservation[],
  ended: readonly Reservation[],
  wanted: readonly string[],
): Reservation[] {
  const endedIds = new Set(ended.map(({ id }) => id))
  return [...open.filter(({ id, state }) => wanted.includes(state) && !endedIds.has(id)), ...ended]
}

/** Choices of the filter, with the value of the parameter. */
export function stateChoices(params: URLSearchParams): readonly { readonly value: string; readonly label: string }[] {
  const now = params.get('state') ?? ''
  const choices = [
    { value: '', label: 'open' },
    ...RESERVATION_STATES.map((state) => ({ value: state, label: state })),
    { value: ALL, label: 'open and ended' },
  ]
  return choices.some(({ value }) => value === now)
    ? choices
    : [...choices, { value: now, label: readStates(params).join(' or ') }]
}
