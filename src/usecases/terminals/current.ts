/** What the rows say about a terminal now. */
import { BerthError } from '../../domain/errors.ts'
import type { Identity } from '../../domain/identity.ts'
import type { Terminal } from '../../domain/terminal/terminal.ts'
import { endingOf, type TerminalEnding } from './ending.ts'
import { type Place, placeOf } from './holder.ts'
import type { TerminalsDeps } from './types.ts'

/** Returns where the terminal is; throws if it is over. `by` is null for the manager itself. */
export async function placeOfTerminal(deps: TerminalsDeps, row: Terminal, by: Identity | null): Promise<Place> {
  const owner = by ?? { name: (await deps.store.reservation(row.reservation))?.owner ?? '' }
  const place = await placeOf(deps, row.container, owner)
  if (place.reservation.id === row.reservation && place.container.generation === row.generation) return place
  throw new BerthError('not_found', 'there is no such terminal')
}

/** Returns why the terminal is over; null while its reservation has its container. */
export async function currentEnding(
  { store, clock, localTime }: TerminalsDeps,
  row: Terminal,
): Promise<TerminalEnding | null> {
  const { containers, reservations } = await store.snapshot()
  const container = containers.find(({ name }) => name === row.container) ?? null
  const open = reservations.find(({ id }) => id === row.reservation)
  const facts = { container, now: clock(), localTime }
  if (open && endingOf(row, { ...facts, reservation: open }) === null) return null
  return endingOf(row, { ...facts, reservation: await store.reservation(row.reservation) })
}
