/** Ended reservations, which are read in pages: there may be many thousands. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useApi } from '../../api/berth.tsx'
import type { Reservation } from '../../api/types.ts'
import type { EndedFilter } from './ended-filter.ts'

const PAGE = 200

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
