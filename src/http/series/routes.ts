/** Series: figures of pools over time. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { createSeries } from '../../usecases/series/series.ts'
import { Type } from '../json-schema.ts'
import type { ServerContext } from '../context.ts'
import { violationsFrom } from '../errors/violations.ts'
import { readSeriesQuery, type SeriesParameters } from './query.ts'
import { AskSeries, SeriesView } from './schemas.ts'
import { seriesCsv, viewSeries } from './views.ts'

export function seriesRoutes(server: FastifyInstance, { store, pools, clock }: ServerContext): void {
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()
  const series = createSeries({ store, pools, clock })

  const rules = ({ query }: FastifyRequest) =>
    violationsFrom(() => readSeriesQuery(query as SeriesParameters, pools, clock()))
  typed.get('/v1/series', { schema: SERIES, config: { rules } }, async (request, reply) => {
    const { format } = request.query
    const view = viewSeries(await series.read(readSeriesQuery(request.query, pools, clock())))
    const wantsCsv = format === undefined ? /\btext\/csv\b/i.test(request.headers.accept ?? '') : format === 'csv'
    if (!wantsCsv) return view
    reply.type('text/csv; charset=utf-8; header=present')
    reply.header('content-disposition', 'attachment; filename="berth-series.csv"')
    return reply.send(seriesCsv(view))
  })
}

const SERIES = {
  tags: ['usage'],
  operationId: 'getSeries',
  summary: 'Figures of the pools over time: containers by state, waiting, durations, refusals',
  description:
    'One point for each step, at most 2,000. Every caller sees the figures of all pools, which name no person. As CSV ' +
    'with `Accept: text/csv` or `?format=csv`.',
  querystring: AskSeries,
  response: {
    200: {
      description: 'Oldest first',
      content: { 'application/json': { schema: SeriesView }, 'text/csv': { schema: Type.String() } },
    },
  },
}
