/** All that a live view needs, over connections that break: events, the manager's clock, and the counts of pools. */
import { ApiError, type BerthClient, type Event, type Pool } from './client.ts'
import { EventStream, mayRecover, pause } from './event-stream.ts'

/** Maximum silence; the manager sends a heartbeat every 15 seconds. */
const MAX_SILENCE_MS = 20_000
/** A connection that was silent for this long is replaced on `hurry`: after a sleep it may be dead without a sign. */
const HURRY_SILENCE_MS = 5_000
/** A connection that lasted for this long ends an outage. A shorter one continues it, so that pauses still grow. */
const STABLE_MS = 10_000
const MIN_PAUSE_MS = 500
const MAX_PAUSE_MS = 30_000
/** Pauses grow with the outage, so that a view is live again after a fraction of the time for which it was not. */
const PAUSES_PER_OUTAGE = 5

/** What every caller may know of a pool. */
export type PoolCounts = Pick<
  Pool,
  'name' | 'size' | 'containers' | 'waiting' | 'waiting_since' | 'next_free_at' | 'recycling_since' | 'problem'
>

export type LiveMessage =
  /** A connection is open, for the first time or again: read all lists. */
  | { readonly kind: 'connected' }
  | { readonly kind: 'event'; readonly event: Event }
  /** The time of the manager in epoch milliseconds. */
  | { readonly kind: 'clock'; readonly now: number }
  /** All pools, at most once a second when something has changed. */
  | { readonly kind: 'pools'; readonly pools: readonly PoolCounts[] }
  /** The connection broke, or could not be opened. It is tried again. */
  | { readonly kind: 'broken'; readonly error: unknown; readonly retryInMs: number }

export interface LiveOptions {
  /** Ends the messages. */
  readonly signal?: AbortSignal
  /**
   * An event named "hurry" ends a pause at once, and checks the connection. Dispatch it when the network is back, or
   * when the page is visible again.
   */
  readonly hurry?: EventTarget
  /** Maximum silence of the manager before the connection counts as broken. */
  readonly maxSilenceMs?: number
}

/**
 * Returns every event from the first connection on, once and in order, and the messages beside them. Retries for ever
 * when the manager is away or something else answers in its place. Throws an `ApiError` only if the manager itself
 * refuses, as it does when a token was deleted.
 */
export async function* followLive(client: BerthClient, options: LiveOptions = {}): AsyncGenerator<LiveMessage> {
  const { signal = new AbortController().signal, hurry, maxSilenceMs = MAX_SILENCE_MS } = options
  let onHurry: () => void = () => undefined
  const listener = () => onHurry()
  hurry?.addEventListener('hurry', listener)
  let last: number | undefined
  let brokenSince: number | null = null
  try {
    while (!signal.aborted) {
      const stream = new EventStream(signal, maxSilenceMs)
      const checking = new Error('the connection is checked')
      onHurry = () => {
        if (stream.silentMs > HURRY_SILENCE_MS) stream.drop(checking)
      }
      const query = { live: true, ...(last !== undefined && { after: last }) }
      let openedAt: number | null = null
      let problem: unknown = new Error('the manager has closed the connection')
      try {
        for await (const messages of stream.messages(client, query)) {
          if (openedAt === null) {
            openedAt = Date.now()
            yield { kind: 'connected' }
          }
          for (const { event: name, id, data } of messages) {
            const { message, after } = read(name, id, data)
            last = after ?? last
            if (message) yield message
          }
        }
      } catch (error) {
        problem = error
      }
      if (signal.aborted) return
      if (problem === checking) continue
      if (last !== undefined && isTooLate(problem)) {
        // The manager has the log of an earlier time, as from a backup that was restored.
        last = undefined
        continue
      }
      if (!mayRecover(problem)) throw problem
      const now = Date.now()
      if (brokenSince === null || (openedAt !== null && now - openedAt >= STABLE_MS)) brokenSince = now
      const retryInMs = pauseAfter(now - brokenSince, Math.random())
      const over = new AbortController()
      onHurry = () => {
        brokenSince = null
        over.abort()
      }
      yield { kind: 'broken', error: problem, retryInMs }
      await pause(retryInMs, AbortSignal.any([signal, over.signal]))
    }
  } finally {
    hurry?.removeEventListener('hurry', listener)
  }
}

/** Returns the pause after so long an outage. `random`, from 0 to 1, keeps clients from returning all at once. */
export function pauseAfter(outageMs: number, random: number): number {
  const most = Math.min(Math.max(outageMs / PAUSES_PER_OUTAGE, 2 * MIN_PAUSE_MS), MAX_PAUSE_MS)
  return Math.round((most / 2) * (1 + random))
}

/** Returns the message for the caller, if it is one, and the id of an event after which the stream continues. */
function read(
  name: string | undefined,
  id: string | undefined,
  data: string,
): { message?: LiveMessage; after?: number } {
  const body: unknown = JSON.parse(data)
  if (name === 'clock') {
    const { now, after } = body as { now: string; after: number }
    return { message: { kind: 'clock', now: Date.parse(now) }, after }
  }
  if (name === 'pools') return { message: { kind: 'pools', pools: (body as { pools: PoolCounts[] }).pools } }
  // Messages without an id that are not known here are those of a later version.
  if (id === undefined) return {}
  const event = body as Event
  return { message: { kind: 'event', event }, after: event.id }
}

/** Whether the manager refused the id after which the stream should continue. */
function isTooLate(error: unknown): boolean {
  return error instanceof ApiError && error.status === 422 && error.violations.some(({ path }) => path === 'after')
}
