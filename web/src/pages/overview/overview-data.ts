/** The data of the overview, read together so that the page appears at once and in its final size. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useApi, useBerth } from '../../api/berth.tsx'
import { useContainers, useMe, useOpenReservations, usePools } from '../../api/lists.ts'
import type { Container, Event, Me, Pool, ReadinessProblem, Reservation, Token } from '../../api/types.ts'
import { isNoteworthy } from '../../words/event-text.ts'
import type { Readiness } from './needs-person.ts'
import { readinessProblems } from './readiness.ts'
import { useTokens } from '../tokens/tokens.ts'

export interface PoolData {
  readonly me: Me
  readonly pools: readonly Pool[]
  readonly containers: readonly Container[]
  /** By id: those that have not ended. Users have their own only. */
  readonly reservations: ReadonlyMap<string, Reservation>
}

export interface OverviewData extends PoolData {
  readonly events: readonly Event[]
  readonly readiness: Readiness
  /** Empty for users, and until they are read: the page does not wait for them. */
  readonly tokens: readonly Token[]
}

/** Returns pools, containers and reservations; undefined until all are read. Also used by the page of a pool. */
export function usePoolData() {
  const me = useMe()
  const pools = usePools()
  const containers = useContainers()
  const open = useOpenReservations()
  const reservations = useMemo(() => new Map(open.data?.map((one) => [one.id, one])), [open.data])
  const queries = [me, pools, containers, open]
  const data: PoolData | undefined =
    me.data && pools.data && containers.data && open.data
      ? { me: me.data, pools: pools.data, containers: containers.data, reservations }
      : undefined
  const failed = queries.find(({ error, data: found }) => error !== null && found === undefined)
  return { data, error: failed?.error ?? null, refetch: () => Promise.all(queries.map((query) => query.refetch())) }
}

const NO_TOKENS: readonly Token[] = []

export function useOverviewData() {
  const lists = usePoolData()
  const events = useNoteworthyEvents()
  const readiness = useReadiness()
  const { data: tokens = NO_TOKENS } = useTokens(lists.data?.me.role === 'admin')
  const hasSettled = (query: { isPending: boolean }) => !query.isPending
  const data: OverviewData | undefined =
    lists.data && hasSettled(events) && hasSettled(readiness)
      ? { ...lists.data, events: events.data ?? [], readiness: readinessOf(readiness), tokens }
      : undefined
  return { ...lists, data }
}

/** Number of past events that are read to find `SHOWN_EVENTS` noteworthy ones. */
const TAIL = 100
const SHOWN_EVENTS = 10

/** Returns the latest events without the steps of recycling, newest first. */
function useNoteworthyEvents() {
  const { lists } = useApi()
  return useQuery({
    queryKey: ['events', 'latest'],
    queryFn: ({ signal }) => lists.read<{ events: Event[] }>(`/v1/events?tail=${TAIL}`, signal),
    select: ({ events }) => events.filter(isNoteworthy).toReversed().slice(0, SHOWN_EVENTS),
  })
}

/** Polled, because failures of the engine and the database cause no event. */
const READINESS_MS = 15_000

/** Returns the problems that /readyz reports, with status 200 or 503. */
function useReadiness() {
  const berth = useBerth()
  return useQuery({
    queryKey: ['pools', 'readiness'],
    queryFn: ({ signal }) => readinessProblems(berth.GET('/readyz', { signal })),
    refetchInterval: READINESS_MS,
  })
}

/** Returns the result of the latest read. If it failed, an earlier success does not count. */
function readinessOf(query: {
  readonly data: readonly ReadinessProblem[] | undefined
  readonly error: Error | null
}): Readiness {
  const { data, error } = query
  if (data === undefined || error !== null) return { kind: 'unread', reason: error?.message ?? 'no answer' }
  return { kind: 'read', problems: data }
}
