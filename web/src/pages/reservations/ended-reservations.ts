/** Ended reservations, which are read in pages: there may be many thousands. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useApi } from '../../api/berth.tsx'
import type { Reservation } from '../../api/types.ts'

const PAGE = 200

export interface EndedFilter {
  readonly owner?: string
  readonly username?: string
  readonly pool?: string
}

interface Page {
  readonly reservations: Reservation[]
  readonly next: string | null
}

/** Reads the latest ones that match, and older ones on demand. Reads nothing unless `enabled`. */
export function useEndedReservations(filter: EndedFilter, enabled: boolean) {
  const { lists } = useApi()
  return useInfiniteQuery({
    queryKey: ['reservations', 'ended', filter],
    enabled,
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ state: 'ended', limit: String(PAGE), ...filter })
      if (pageParam !== '') query.set('cursor', pageParam)
      return lists.read<Page>(`/v1/reservations?${query}`, signal)
    },
    getNextPageParam: (page: Page) => page.next,
    select: ({ pages }) => pages.flatMap(({ reservations }) => reservations),
  })
}

/** Returns the filter that the manager applies: columns with exactly one wanted value. */
export function endedFilter(filters: Readonly<Record<string, readonly string[]>>): EndedFilter {
  const one = (key: keyof EndedFilter) => {
    const [value, ...others] = filters[key] ?? []
    return value !== undefined && others.length === 0 ? { [key]: value } : {}
  }
  return { ...one('owner'), ...one('username'), ...one('pool') }
}
