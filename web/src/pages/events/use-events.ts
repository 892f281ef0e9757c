/** Events for the page: the latest ones as they happen, or those of a span of time. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { answerOf } from '../../../../src/client/client.ts'
import { eventsBetween, type Span } from '../../../../src/client/event-search.ts'
import { useBerth } from '../../api/berth.tsx'
import type { Event } from '../../api/types.ts'
import type { EventFilter } from './event-filter.ts'

/** Number of past events that are read first. */
export const TAIL = 200
const PAGE = 1_000
/** Maximum number of events in the table; the oldest are dropped. */
const MAX_KEPT = 5_000

function useReader() {
  const berth = useBerth()
  return (filter: EventFilter & { after?: number; limit?: number; tail?: number }, signal: AbortSignal) =>
    answerOf(berth.GET('/v1/events', { params: { query: filter }, signal })).then(({ events }) => events)
}

interface LatestOptions {
  readonly enabled?: boolean
  /** Number of past events that are read first. */
  readonly tail?: number
  /** Maximum number of events that are kept; the oldest are dropped. */
  readonly max?: number
}

/**
 * Returns the latest events. When the stream announces new ones, also after a lost connection, the events after the
 * last known one are read: none is missed, and none is read twice.
 */
export function useLatestEvents(
  filter: EventFilter,
  { enabled = true, tail = TAIL, max = MAX_KEPT }: LatestOptions = {},
) {
  const read = useReader()
  const client = useQueryClient()
  const queryKey = ['events', 'latest', filter, tail]
  return useQuery({
    queryKey,
    enabled,
    queryFn: async ({ signal }): Promise<readonly Event[]> => {
      const before = client.getQueryData<readonly Event[]>(queryKey) ?? []
      const last = before.at(-1)
      if (!last) return read({ ...filter, tail }, signal)
      const found = [...before]
      for (let after = last.id; ; ) {
        const page = await read({ ...filter, after, limit: PAGE }, signal)
        found.push(...page)
        const end = page.at(-1)
        if (!end || page.length < PAGE) return found.slice(-max)
        after = end.id
      }
    },
  })
}

interface SpanEvents {
  /** Oldest first. */
  readonly events: readonly Event[]
  /** Whether the span has more events than are returned. */
  readonly isTruncated: boolean
}

export function useSpanEvents(filter: EventFilter, span: Span | null) {
  const berth = useBerth()
  return useQuery({
    // Not "events" as the first part: new ones are not in a span of the past, and it is costly to search again.
    queryKey: ['span of events', filter, span?.from, span?.to],
    enabled: span !== null,
    queryFn: async ({ signal }): Promise<SpanEvents> => {
      const events: Event[] = []
      if (span === null) return { events, isTruncated: false }
      for await (const event of eventsBetween(berth, filter, span, signal)) {
        if (events.length === MAX_KEPT) return { events, isTruncated: true }
        events.push(event)
      }
      return { events, isTruncated: false }
    },
  })
}
