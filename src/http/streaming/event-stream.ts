/** Events as they happen, as Server-Sent Events. */
import { Readable } from 'node:stream'
import type { BerthEvent, EventFilter } from '../../domain/event.ts'
import type { EventFeed } from './event-feed.ts'

export interface Following {
  readonly feed: EventFeed
  /** Starts after this event id; null: with the next event. */
  readonly after: number | null
  readonly which: Omit<EventFilter, 'after' | 'limit' | 'latest'>
  /** Interval between heartbeats; each also checks that the client may still listen. */
  readonly heartbeatMs: number
  /** Returns false once the client may no longer listen. */
  readonly isAllowed: () => Promise<boolean>
  /** Aborted when the client is gone or the server is closing. */
  readonly over: AbortSignal
  readonly write: (event: BerthEvent) => object
}

/** Pause before a client reconnects. */
const RETRY_MS = 2_000

/**
 * Reads nothing ahead of the client: a page is read when the one before has left, so a client that takes nothing costs
 * no more than one that is up to date.
 */
export function streamEvents(following: Following): Readable {
  return Readable.from(follow(following), { highWaterMark: 1 })
}

async function* follow(following: Following): AsyncGenerator<string> {
  const { feed, which, heartbeatMs, isAllowed, over, write } = following
  const { latest, leave } = await feed.join()
  try {
    let after = following.after ?? latest
    let beat = AbortSignal.timeout(heartbeatMs)
    yield `retry: ${RETRY_MS}\n\n`
    while (!over.aborted) {
      const { events, next } = await feed.read(after, which, AbortSignal.any([beat, over]))
      if (beat.aborted) {
        if (over.aborted || !(await isAllowed())) return
        beat = AbortSignal.timeout(heartbeatMs)
        yield ': still here\n\n'
      }
      if (events.length > 0) yield events.map((event) => format(event, write(event))).join('')
      after = next
    }
  } finally {
    leave()
  }
}

/** JSON has no line breaks, so each field is one line. */
function format({ id, kind }: BerthEvent, data: object): string {
  return `id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`
}
