/**
 * The lists that many pages show. They are read again when the live stream marks them as changed
 * (`live/refresher.ts`).
 */
import { useQuery } from '@tanstack/react-query'
import { answerOf } from '../../../src/client/client.ts'
import { useApi } from './berth.tsx'
import type { Container, Me, Pool, Reservation } from './types.ts'

export function usePools() {
  const { lists } = useApi()
  return useQuery({
    queryKey: ['pools'],
    queryFn: ({ signal }) => lists.read<{ pools: Pool[] }>('/v1/pools', signal),
    select: (list) => list.pools,
  })
}

/** Returns every container. Users see all containers, but only the reservations of their own. */
export function useContainers() {
  const { lists } = useApi()
  return useQuery({
    queryKey: ['containers'],
    queryFn: ({ signal }) => lists.read<{ containers: Container[] }>('/v1/containers', signal),
    select: (list) => list.containers,
  })
}

/** Maximum number of reservations in a page of the API. */
const PAGE_SIZE = 500

/** Returns the reservations that have not ended: those of all owners for admins, their own for users. */
export function useOpenReservations() {
  const { lists } = useApi()
  return useQuery({
    queryKey: ['reservations', 'open'],
    queryFn: async ({ signal }) => {
      const found: Reservation[] = []
      for (let cursor: string | null = ''; cursor !== null; ) {
        const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
        const path = `/v1/reservations?state=waiting,preparing,active,ending&limit=${PAGE_SIZE}${after}`
        const page: { reservations: Reservation[]; next: string | null } = await lists.read(path, signal)
        found.push(...page.reservations)
        cursor = page.next
      }
      return found
    },
  })
}

/** Returns the containers in which `owner` may open a terminal: those of their active reservations. */
export function containersOf(owner: string | undefined, reservations: readonly Reservation[]): string[] {
  return reservations
    .filter((reservation) => reservation.state === 'active' && reservation.owner === owner)
    .flatMap(({ containers }) => containers.map(({ name }) => name))
}

/**
 * Returns the caller: name, role and limits. With `isFresh`, they are read again when the component appears, because no
 * event causes a new read when the number of held containers changes.
 */
export function useMe({ isFresh = false }: { readonly isFresh?: boolean } = {}) {
  const { berth } = useApi()
  return useQuery<Me>({
    queryKey: ['me'],
    queryFn: ({ signal }) => answerOf(berth.GET('/v1/me', { signal })),
    refetchOnMount: isFresh ? 'always' : true,
  })
}
