/**
 * Events of a span of time. The API finds events by id, not by time. Ids grow with time, so the first one of a span is
 * found by halving: about 20 requests for one event each, in a log of a million.
 */
import type { Event } from '../../api/types.ts'
import type { Span } from './event-filter.ts'

/** Reads the first events after an id, oldest first. */
export type ReadAfter = (after: number, limit: number) => Promise<readonly Event[]>

const PAGE = 1_000
/** Maximum number of events of a span. More would make the page slow. */
const MAX_EVENTS = 5_000

export interface Found {
  readonly events: readonly Event[]
  /** Whether the span has more events than are returned. */
  readonly isTruncated: boolean
}

/** Returns an id before which all events are earlier than `from`. `latest` is the id of the last event. */
export async function idBefore(from: number, latest: number, read: ReadAfter): Promise<number> {
  let low = 0
  let high = latest
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const [event] = await read(middle, 1)
    if (event && Date.parse(event.at) < from) low = event.id
    else high = middle
  }
  return low
}

/** Returns the events of a span that `readMatching` finds, oldest first. */
export async function eventsOf({ from, to }: Span, after: number, readMatching: ReadAfter): Promise<Found> {
  const events: Event[] = []
  for (let last = after; ; ) {
    const page = await readMatching(last, PAGE)
    const inside = page.filter(({ at }) => Date.parse(at) < to && Date.parse(at) >= from)
    events.push(...inside)
    const end = page.at(-1)
    if (events.length > MAX_EVENTS) return { events: events.slice(0, MAX_EVENTS), isTruncated: true }
    if (!end || page.length < PAGE || Date.parse(end.at) >= to) return { events, isTruncated: false }
    last = end.id
  }
}
