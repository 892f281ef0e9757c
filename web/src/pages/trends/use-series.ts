/** The figures that the page shows. A span that ends now is read again while the page is live and visible. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { answerOf } from '../../../../src/client/client.ts'
import { useBerth } from '../../api/berth.tsx'
import { useLiveStatus } from '../../live/live.tsx'
import { endsNow, type TrendsQuery } from './trends-query.ts'

/** Figures are averages over steps of half a minute and more: reading them more often would show nothing new. */
const REFRESH_MS = 15_000

export function useSeries(query: TrendsQuery) {
  const berth = useBerth()
  const isLive = useLiveStatus().kind === 'live'
  const { pool, from, to } = query
  return useQuery({
    queryKey: ['series', pool, from, to],
    queryFn: ({ signal }) =>
      answerOf(berth.GET('/v1/series', { params: { query: { ...(pool !== null && { pool }), from, to } }, signal })),
    refetchInterval: isLive && endsNow(query) ? REFRESH_MS : false,
    // The old figures stay until the new ones have come, so that nothing jumps.
    placeholderData: keepPreviousData,
  })
}
