/** Events as they happen, as Server-Sent Events. */
import { Readable } from 'node:stream'
import type { BerthEvent, EventFilter } from '../../domain/event.ts'
import type { Clock } from '../../ports/clock.ts'
import { time } from '../time.ts'
import type { CountsFeed } from './counts-feed.ts'
import type { EventFeed } from './event-feed.ts'

export interface Following {
  readonly feed: EventFeed
  /** Starts after this event id; null: with the next event. */
  readonly after: number | null
  readonly which: Omit<EventFilter, 'after' | 'limit' | 'latest'>
  /** Sources of what a live stream sends besides events; null for other streams. */
  readonly live: { readonly clock: Clock; readonly counts: CountsFeed } | null
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
  const { feed, which, live, heartbeatMs, isAllowed, over, write } = following
  const { latest, leave } = await feed.join()
  let leaveCounts: (() => void) | undefined
  try {
    leaveCounts = await live?.counts.join()
    let after = following.after ?? latest
    let beat = AbortSignal.timeout(heartbeatMs)
    let sent = ''
    yield `retry: ${RETRY_MS}\n\n${live ? clockMessage(live.clock, after) : ''}`
    while (!over.aborted) {
      const counts = live?.counts.latest
      if (counts && counts.text !== sent) {
        sent = counts.text
        yield message('pools', sent)
      }
      const stop = AbortSignal.any([beat, over, ...(counts ? [counts.replaced] : [])])
      const { events, next } = await feed.read(after, which, stop)
      if (beat.aborted) {
        if (over.aborted || !(await isAllowed())) return
        beat = AbortSignal.timeout(heartbeatMs)
        yield live ? clockMessage(live.clock, after) : ': still here\n\n'
      }
      if (events.length > 0) yield events.map((event) => format(event, write(event))).join('')
      after = next
    }
  } finally {
    leaveCounts?.()
    leave()
  }
}

/** Returns the message with the time of the manager, and the id after which a reconnecting client misses no event. */
function clockMessage(clock: Clock, after: number): string {
  return message('clock', JSON.stringify({ now: time(clock()), after }))
}

/** JSON has no line breaks, so each field is one line. */
function message(name: string, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`
}

function format({ id, kind }: BerthEvent, data: object): string {
  return `id: ${id}\n${message(kind, JSON.stringify(data))}`
}
