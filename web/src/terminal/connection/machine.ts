/** The states of a terminal's connection. A pure function: `link.ts` does what each state asks for. */
import type { Ended } from './messages.ts'

/** Shortest and longest pause before the next attempt, in milliseconds. */
const MIN_PAUSE_MS = 500
const MAX_PAUSE_MS = 30_000

interface Lost {
  /** Attempts since the connection was lost, or since the terminal was opened. */
  readonly attempt: number
  /** When the connection was lost, epoch milliseconds; null before the first one. */
  readonly lostAt: number | null
}

export type LinkState =
  | ({ readonly kind: 'connecting' } & Lost)
  | { readonly kind: 'attached' }
  | ({ readonly kind: 'waiting'; readonly reason: string; readonly pauseMs: number } & Lost)
  | ({ readonly kind: 'ended' } & Ended)
  | { readonly kind: 'stopped'; readonly why: Stop; readonly reason: string }

/** "gone": the shell is no more, but its container may still be held. "refused": the manager says why. */
type Stop = 'signed-out' | 'gone' | 'replaced' | 'refused'

export type LinkEvent =
  | { readonly type: 'attached' }
  | ({ readonly type: 'ended' } & Ended)
  | { readonly type: 'closed'; readonly code: number; readonly reason: string; readonly now: number }
  /** The manager has refused a new shell, or a ticket for an earlier one. */
  | {
      readonly type: 'refused'
      readonly of: 'shell' | 'ticket'
      readonly status: number
      readonly message: string
      readonly now: number
    }
  | { readonly type: 'unreachable'; readonly message: string; readonly now: number }
  /** The pause is over, the network is back, or the person asked for it. */
  | { readonly type: 'retry' }
  /** Another shell was asked for. */
  | { readonly type: 'renew' }

export const FIRST: LinkState = { kind: 'connecting', attempt: 1, lostAt: null }

/** Close codes after which another attempt would fail as well. */
const STOPS: ReadonlyMap<number, readonly [why: Stop, reason: string]> = new Map([
  [4401, ['signed-out', 'You are no longer signed in.']],
  [4404, ['gone', 'The shell no longer exists.']],
  [4409, ['replaced', 'The container was replaced, and the shell ended with the old one.']],
  [4429, ['refused', 'Too many terminals are open.']],
])

/** Returns the state after an event. `random` is 0 to 1. */
export function advance(state: LinkState, event: LinkEvent, random: number): LinkState {
  switch (event.type) {
    case 'renew':
      return FIRST
    case 'retry':
      return state.kind === 'waiting' ? { kind: 'connecting', attempt: state.attempt + 1, lostAt: state.lostAt } : state
    case 'attached':
      return isOver(state) ? state : { kind: 'attached' }
    case 'ended': {
      const { why, reason, at } = event
      return { kind: 'ended', why, reason, at }
    }
    case 'closed':
      return isOver(state) ? state : afterClose(state, event, random)
    case 'unreachable':
      return isOver(state) ? state : pause(state, event.message, event.now, random)
    case 'refused':
      return isOver(state) ? state : afterRefusal(state, event, random)
  }
}

/** Whether no further attempt is made. */
export function isOver(state: LinkState): boolean {
  return state.kind === 'ended' || state.kind === 'stopped'
}

function afterClose(state: LinkState, event: Extract<LinkEvent, { type: 'closed' }>, random: number): LinkState {
  const { code, reason, now } = event
  // Without the message before it, the close itself says why.
  if (code === 4410)
    return { kind: 'ended', why: 'over', reason: reason || 'The reservation has ended.', at: isoOf(now) }
  const stop = STOPS.get(code)
  if (stop) return { kind: 'stopped', why: stop[0], reason: reason || stop[1] }
  return pause(state, code === 1012 ? 'The manager is restarting.' : 'The connection was lost.', now, random)
}

function afterRefusal(state: LinkState, event: Extract<LinkEvent, { type: 'refused' }>, random: number): LinkState {
  const { of, status, message, now } = event
  if (status === 401) return { kind: 'stopped', why: 'signed-out', reason: message }
  // A proxy whose manager is away, a manager whose database or engine is away: it may be back soon.
  if (status >= 500) return pause(state, message, now, random)
  return { kind: 'stopped', why: status === 404 && of === 'ticket' ? 'gone' : 'refused', reason: message }
}

function pause(state: LinkState, reason: string, now: number, random: number): LinkState {
  const attempt = 'attempt' in state ? state.attempt : 0
  const lostAt = state.kind === 'attached' ? now : 'lostAt' in state ? state.lostAt : null
  const longest = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** attempt)
  // At least half of it, so that many pages do not come back at the same moment, nor at once.
  return { kind: 'waiting', attempt, lostAt, reason, pauseMs: Math.round(longest * (0.5 + random / 2)) }
}

function isoOf(now: number): string {
  return new Date(now).toISOString()
}
