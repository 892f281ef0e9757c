/** Texts about the connection of a terminal. */
import { timeOfDay, type TimeWords } from '../../words/time.ts'
import type { LinkState } from '../connection/machine.ts'
import type { NoteKind } from '../connection/messages.ts'

/** Words of the manager for an end of the reservation, not of the shell alone. */
const ENDS_OF_RESERVATIONS: ReadonlySet<string> = new Set(['released', 'expired', 'abandoned', 'failed', 'over'])

/** Returns one line for the state, or null while everything works. */
export function statusText(container: string, state: LinkState, words: TimeWords): string | null {
  switch (state.kind) {
    case 'attached':
      return null
    case 'connecting':
      return state.lostAt === null
        ? `Opening a shell in ${container} …`
        : `Connection lost at ${timeOfDay(state.lostAt, words)}. Connecting again … Typed text is not sent.`
    case 'waiting': {
      const lost = state.lostAt === null ? '' : ` Not connected since ${timeOfDay(state.lostAt, words)}.`
      return `${state.reason}${lost} Typed text is not sent.`
    }
    case 'ended':
      // The manager's sentence says the same.
      if (state.why === 'exited')
        return `The shell in ${container} exited at ${timeOfDay(Date.parse(state.at), words)}.`
      return `${endedTitle(container, state, words)} ${state.reason}`
    case 'stopped':
      return state.reason
  }
}

/** Returns "The shell in alpine-3 ended at 15:40:00." or "alpine-3 ended at 15:40:00." */
function endedTitle(container: string, ended: { why: string; at: string }, words: TimeWords): string {
  const what = ENDS_OF_RESERVATIONS.has(ended.why) ? container : `The shell in ${container}`
  return `${what} ended at ${timeOfDay(Date.parse(ended.at), words)}.`
}

/** Returns the line that is put into the old text of the shell. */
export function noteText(kind: NoteKind, lostAt: number, now: number, words: TimeWords): string {
  const lost = timeOfDay(lostAt, words)
  if (kind === 'lost') return `── connection lost ${lost}, and the shell ended meanwhile; this is a new one ──`
  // First, because a narrow screen cuts the line off.
  const missing = kind === 'gap' ? 'output may be missing: ' : ''
  return `── ${missing}connection lost ${lost}, reconnected ${timeOfDay(now, words)} ──`
}

/** What can be done after the end. */
export type NextStep = 'new-shell' | 'reserve-again' | 'sign-in' | 'try-again'

export function nextStep(state: LinkState): NextStep | null {
  if (state.kind === 'ended') return ENDS_OF_RESERVATIONS.has(state.why) ? 'reserve-again' : 'new-shell'
  if (state.kind !== 'stopped') return null
  const steps = { 'signed-out': 'sign-in', gone: 'new-shell', replaced: 'new-shell', refused: 'try-again' } as const
  return steps[state.why]
}
