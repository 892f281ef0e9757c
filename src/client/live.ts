/** The messages of a live view, and the pauses before it reconnects. */
import type { Event, Pool } from './client.ts'

/** Minimum duration of a connection that ends an outage. After a shorter one, pauses continue to grow. */
const STABLE_MS = 10_000
const MIN_PAUSE_MS = 500
const MAX_PAUSE_MS = 30_000
/** Pauses grow to this fraction of the outage, so that a view is live again soon after a short one. */
const PAUSE_SHARE = 1 / 5

/** The fields of a pool that a live stream sends to every caller. */
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
  /** The counts of all pools, sent when they have changed, at most once a second. */
  | { readonly kind: 'pools'; readonly pools: readonly PoolCounts[] }
  /** The connection broke or could not be opened. The next attempt follows in `retryInMs`. */
  | { readonly kind: 'broken'; readonly error: unknown; readonly retryInMs: number }

export interface LiveOptions {
  /** Ends the messages. */
  readonly signal?: AbortSignal
  /**
   * An event named "hurry" ends a pause at once, or replaces a connection that has been silent. Dispatch it when the
   * network is back, or when the page is visible again.
   */
  readonly hurry?: EventTarget
  /** Maximum silence of the manager before the connection counts as broken. */
  readonly maxSilenceMs?: number
}

/** Returns the message for the caller, if any, and the id of the event after which the stream continues. */
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
  // A message without an id that is not known here comes from a later version of the manager.
  if (id === undefined) return {}
  const event = body as Event
  return { message: { kind: 'event', event }, after: event.id }
}

/** An outage: its duration determines the pause before the next attempt. */
export class Outage {
  #since: number | null = null

  /** Returns the pause after a connection broke, in milliseconds. `openedAt`: when it opened; null: it did not. */
  nextPause(openedAt: number | null, now: number, random = Math.random()): number {
    if (this.#since === null || (openedAt !== null && now - openedAt >= STABLE_MS)) this.#since = now
    const maxMs = Math.min(Math.max((now - this.#since) * PAUSE_SHARE, 2 * MIN_PAUSE_MS), MAX_PAUSE_MS)
    // Half of it is random, so that the clients of a manager do not all reconnect at once.
    return Math.round((maxMs / 2) * (1 + random))
  }

  end(): void {
    this.#since = null
  }
}
