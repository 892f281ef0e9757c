/** The events of the API as a stream that survives broken connections. */
import type { BerthClient, Event, EventFilter } from './client.ts'
import { EventStream, mayRecover, pause } from './event-stream.ts'

export { followLive, type LiveMessage, type LiveOptions, type PoolCounts } from './live.ts'

/** Pauses between attempts to reconnect; the last one repeats. */
const RECONNECT_PAUSES_MS = [500, 1_000, 2_000, 5_000]
/** Maximum silence; the manager sends a heartbeat every 15 seconds. */
const MAX_SILENCE_MS = 45_000

export interface Following extends EventFilter {
  /** Return events after this one; by default only new ones. */
  readonly after?: number
  readonly signal?: AbortSignal
  /** Called when the connection broke, before the next attempt. */
  readonly onBroken?: (error: unknown) => void
}

/**
 * Returns every event once, oldest first, until the signal ends it. The first connection must succeed; later ones are
 * retried, and continue after the last event. Throws an `ApiError` if the manager refuses.
 */
export async function* followEvents(client: BerthClient, following: Following): AsyncGenerator<Event> {
  const { signal = new AbortController().signal, onBroken, after, ...filter } = following
  let last = after
  let connected = false
  let failures = 0
  while (!signal.aborted) {
    try {
      const stream = new EventStream(signal, MAX_SILENCE_MS)
      for await (const messages of stream.messages(client, { ...filter, ...(last !== undefined && { after: last }) })) {
        connected = true
        for (const { data } of messages) {
          const event = JSON.parse(data) as Event
          failures = 0
          last = event.id
          yield event
        }
      }
    } catch (error) {
      if (signal.aborted) return
      if (!connected || !mayRecover(error)) throw error
      onBroken?.(error)
    }
    await pause(RECONNECT_PAUSES_MS[Math.min(failures, RECONNECT_PAUSES_MS.length - 1)] ?? 0, signal)
    failures += 1
  }
}
