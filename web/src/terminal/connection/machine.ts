/** The states of a terminal's connection, as a pure function. `link.ts` carries out what each state requires. */
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

/** "gone": the shell no longer exists, but its container may still be held. "refused": with the manager's reason. */
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
  /** The pause is over, the network is back, or the person pressed “Try now”. */
  | { readonly type: 'retry' }
  /** The person requested another shell. */
  | { readonly type: 'renew' }

export const FIRST: LinkState = { kind: 'connecting', attempt: 1, lostAt: null }

/** Close codes after which another attempt would fail as well. */
const STOPS: ReadonlyMap<number, readonly [why: Stop, reason: string]> = new Map([
  [4401, ['signed-out', 'You are no longer signed in.']],
  [4404, ['gone', 'The shell no longer exists.']],
  [4409, ['replaced', 'The container was replaced, and the shell ended with the old one.']],
  [4429, ['refused', 'Too many terminals are open.']],
])

/** Reasons of close codes after which the next attempt may succeed. */
const PAUSES: ReadonlyMap<number, string> = new Map([
  [1012, 'The manager is restarting.'],
  [1013, 'The manager does not reach the shell.'],
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
  // If the message “ended” was lost, the reason of the close is used.
  if (code === 4410)
    return { kind: 'ended', why: 'over', reason: reason || 'The reservation has ended.', at: isoOf(now) }
  const stop = STOPS.get(code)
  if (stop) return { kind: 'stopped', why: stop[0], reason: reason || stop[1] }
  return pause(state, PAUSES.get(code) ?? 'The connection was lost.', now, random)
}

function afterRefusal(state: LinkState, event: Extract<LinkEvent, { type: 'refused' }>, random: number): LinkState {
  const { of, status, message, now } = event
  if (status === 401) return { kind: 'stopped', why: 'signed-out', reason: message }
  // Temporary: a proxy without its manager, or a manager without its database or engine.
  if (status >= 500) return pause(state, message, now, random)
  return { kind: 'stopped', why: status === 404 && of === 'ticket' ? 'gone' : 'refused', reason: message }
}

function pause(state: LinkState, reason: string, now: number, random: number): LinkState {
  const attempt = 'attempt' in state ? state.attempt : 0
  const lostAt = state.kind === 'attached' ? now : 'lostAt' in state ? state.lostAt : null
  const longest = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** attempt)
  // At least half, so that many pages do not reconnect at once or at the same moment.
  return { kind: 'waiting', attempt, lostAt, reason, pauseMs: Math.round(longest * (0.5 + random / 2)) }
}

function isoOf(now: number): string {
  return new Date(now).toISOString()
}
