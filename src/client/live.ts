/** What a live view is sent, and when it tries again. */
import type { Event, Pool } from './client.ts'

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

/** Returns the message for the caller, if it is one, and the id of an event after which the stream continues. */
export function readLive(
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

/** Since when connections have been breaking, which decides the pause before the next one. */
export class Outage {
  #since: number | null = null

  /** Returns the pause after a connection that broke now. `openedAt`: when it was opened; null: it never was. */
  nextPause(openedAt: number | null, now: number, random = Math.random()): number {
    if (this.#since === null || (openedAt !== null && now - openedAt >= STABLE_MS)) this.#since = now
    const most = Math.min(Math.max((now - this.#since) / PAUSES_PER_OUTAGE, 2 * MIN_PAUSE_MS), MAX_PAUSE_MS)
    // Half of it is random, so that the clients of a manager do not return all at once.
    return Math.round((most / 2) * (1 + random))
  }

  end(): void {
    this.#since = null
  }
}
