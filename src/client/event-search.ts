/**
 * Events of a span of time. The API finds events by id, not by time. Ids grow with time, so a binary search finds the
 * first event of a span: in a log of a million events, with about 20 requests for one event each.
 */
import { answerOf, type BerthClient, type Event, type EventFilter } from './client.ts'

/** Span of time in epoch milliseconds, without `to` itself. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Reads the first events after an id, at most `limit`, oldest first. */
export type ReadAfter = (after: number, limit: number) => Promise<readonly Event[]>

const PAGE_SIZE = 1_000

/** Returns every event of a span that matches the filter, oldest first. */
export async function* eventsBetween(
  client: BerthClient,
  filter: Omit<EventFilter, 'tail'>,
  span: Span,
  signal?: AbortSignal,
): AsyncGenerator<Event> {
  const read = async (query: EventFilter & { after?: number; limit?: number }) => {
    const options = { params: { query }, ...(signal && { signal }) }
    return (await answerOf(client.GET('/v1/events', options))).events
  }
  const [latest] = await read({ tail: 1 })
  const first = await idBefore(span.from, latest?.id ?? 0, (after, limit) => read({ after, limit }))
  yield* eventsAfter(first, span, (after, limit) => read({ ...filter, after, limit }))
}

/** Returns an id up to which all events are earlier than `from`. `latest` is the id of the last event. */
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

/** Returns the events of a span that `read` finds after an id, oldest first. */
export async function* eventsAfter(after: number, { from, to }: Span, read: ReadAfter): AsyncGenerator<Event> {
  for (let last = after; ; ) {
    const page = await read(last, PAGE_SIZE)
    yield* page.filter(({ at }) => Date.parse(at) < to && Date.parse(at) >= from)
    const end = page.at(-1)
    if (!end || page.length < PAGE_SIZE || Date.parse(end.at) >= to) return
    last = end.id
  }
}
