import { useQuery } from '@tanstack/react-query'
import { answerOf } from '../../../../src/client/client.ts'
import { useBerth } from '../../api/berth.tsx'

/** The live stream says nothing about nodes. */
const REFRESH_MS = 10_000

/** Reads the nodes of the engine. Only admins may. */
export function useNodes() {
  const berth = useBerth()
  return useQuery({
    queryKey: ['nodes'],
    queryFn: ({ signal }) => answerOf(berth.GET('/v1/nodes', { signal })),
    refetchInterval: REFRESH_MS,
  })
}
