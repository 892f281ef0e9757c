/** Events as they happen, as Server-Sent Events. */
import { Readable } from 'node:stream'
import type { BerthEvent, EventFilter } from '../../core/events.ts'
import type { EventFeed } from './event-feed.ts'

export interface Following {
  readonly feed: EventFeed
  /** Begins after this number; null: with what happens from now on. */
  readonly after: number | null
  readonly which: Omit<EventFilter, 'after' | 'limit' | 'latest'>
  /** How often it says that it is still there, and asks whether its client may still listen, milliseconds. */
  readonly heartbeat: number
  /** False from when its client may listen no more. */
  readonly welcome: () => Promise<boolean>
  /** The client is gone, or the server is closing. */
  readonly over: AbortSignal
  readonly write: (event: BerthEvent) => object
}

/** How soon a client should come back after it was cut off, milliseconds. */
const RETRY = 2_000

/**
 * Nothing is read ahead of the client: a page is read when the one before has left, so that one who takes nothing costs
 * no more than one who is up to date.
 */
export function streamEvents(following: Following): Readable {
  return Readable.from(follow(following), { highWaterMark: 1 })
}

async function* follow({ feed, which, heartbeat, welcome, over, write, ...from }: Following): AsyncGenerator<string> {
  const { latest, leave } = await feed.join()
  try {
    let after = from.after ?? latest
    let beat = AbortSignal.timeout(heartbeat)
    yield `retry: ${RETRY}\n\n`
    while (!over.aborted) {
      const { events, next } = await feed.read(after, which, AbortSignal.any([beat, over]))
      if (beat.aborted) {
        if (over.aborted || !(await welcome())) return
        beat = AbortSignal.timeout(heartbeat)
        yield ': still here\n\n'
      }
      if (events.length > 0) yield events.map((event) => format(event, write(event))).join('')
      after = next
    }
  } finally {
    leave()
  }
}

/** One line each: JSON has no line breaks of its own. */
function format({ id, kind }: BerthEvent, data: object): string {
  return `id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`
}
