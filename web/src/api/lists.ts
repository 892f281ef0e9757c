/**
 * The lists that many pages show. The live stream marks them as changed (`live/refresher.ts`), which reads them again.
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

/** Returns every container. Users see all of them, but the holders of their own only. */
export function useContainers() {
  const { lists } = useApi()
  return useQuery({
    queryKey: ['containers'],
    queryFn: ({ signal }) => lists.read<{ containers: Container[] }>('/v1/containers', signal),
    select: (list) => list.containers,
  })
}

/** Largest page that the API answers with. */
const PAGE = 500

/** Returns the reservations that have not ended, of all owners for admins. */
export function useOpenReservations() {
  const { lists } = useApi()
  return useQuery({
    queryKey: ['reservations', 'open'],
    queryFn: async ({ signal }) => {
      const found: Reservation[] = []
      for (let cursor: string | null = ''; cursor !== null; ) {
        const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
        const path = `/v1/reservations?state=waiting,preparing,active,ending&limit=${PAGE}${after}`
        const page: { reservations: Reservation[]; next: string | null } = await lists.read(path, signal)
        found.push(...page.reservations)
        cursor = page.next
      }
      return found
    },
  })
}

/** Returns the containers in which somebody may open a terminal: those of their active reservations. */
export function containersOf(owner: string | undefined, reservations: readonly Reservation[]): string[] {
  return reservations
    .filter((reservation) => reservation.state === 'active' && reservation.owner === owner)
    .flatMap(({ containers }) => containers.map(({ name }) => name))
}

/** Who the caller is, and what they may do. */
export function useMe() {
  const { berth } = useApi()
  return useQuery<Me>({ queryKey: ['me'], queryFn: ({ signal }) => answerOf(berth.GET('/v1/me', { signal })) })
}
