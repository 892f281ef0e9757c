/** Who had how much for how long. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from '../json-schema.ts'
import { type Fault, invalidRequest } from '../../core/errors.ts'
import { ownOnly } from '../../core/identity.ts'
import { usageOf } from '../../core/usage.ts'
import type { ServerContext } from '../context.ts'
import { writeCsv } from '../csv.ts'
import { identityOf } from '../access/identity.ts'
import { readTime } from '../times.ts'
import { time } from '../views.ts'

/** How far back it goes unless that is said. */
const STANDARD_SPAN = 30 * 86_400_000

export function usageRoutes(server: FastifyInstance, { store, clock }: ServerContext): void {
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()

  typed.get('/v1/usage', { schema: USAGE }, async (request, reply) => {
    const { by = 'user', format } = request.query
    const now = clock()
    const { from, to } = readSpan(request.query, now)
    const lent = await store.lent(from, to, ownOnly(identityOf(request)).owner ?? null)
    const rows = usageOf(lent, { from, to, by, now })
    const wantsCsv = format === undefined ? /\btext\/csv\b/i.test(request.headers.accept ?? '') : format === 'csv'
    if (!wantsCsv) return { from: time(from), to: time(to), by, rows: rows.map(viewRow) }
    const lines = rows.map((row) => [row.key, row.reservations, row.containerMinutes, row.waits, row.waitSeconds])
    reply.type('text/csv; charset=utf-8; header=present')
    reply.header('content-disposition', 'attachment; filename="berth-usage.csv"')
    return reply.send(writeCsv([by, ...FIGURES], lines))
  })
}

/** The last 30 days, unless something else is said. */
function readSpan(query: { from?: string; to?: string }, now: number): { from: number; to: number } {
  const faults: Fault[] = []
  const read = (path: 'from' | 'to') => {
    const text = query[path]
    const ms = text === undefined ? null : readTime(text)
    if (text !== undefined && ms === null) {
      faults.push({ path, message: 'must be a day like 2026-11-24, or a time of RFC 3339 like 2026-11-24T17:00:00Z' })
    }
    return ms
  }
  const [begin, end] = [read('from'), read('to')]
  const to = end ?? now
  const from = begin ?? to - STANDARD_SPAN
  if (faults.length === 0 && from >= to) faults.push({ path: 'from', message: `must be earlier than to, ${time(to)}` })
  if (faults.length > 0) throw invalidRequest(faults)
  return { from, to }
}

function viewRow({ key, reservations, containerMinutes, waits, waitSeconds }: ReturnType<typeof usageOf>[number]) {
  return { key, reservations, container_minutes: containerMinutes, waits, wait_seconds: waitSeconds }
}

const FIGURES = ['reservations', 'container_minutes', 'waits', 'wait_seconds'] as const

const By = Type.Enum(['user', 'username', 'pool', 'day'])

const AskUsage = Type.Object(
  {
    from: Type.Optional(Type.String({ description: 'A day (UTC) or a time; 30 days before "to" when left out' })),
    to: Type.Optional(Type.String({ description: 'A day (UTC) or a time, itself not included; now when left out' })),
    by: Type.Optional(By),
    format: Type.Optional(Type.Enum(['json', 'csv'], { description: 'Takes the place of Accept' })),
  },
  { additionalProperties: false },
)

const UsageView = Type.Object({
  from: Type.String(),
  to: Type.String(),
  by: By,
  rows: Type.Array(
    Type.Object({
      key: Type.String({ description: 'The owner, the account, the pool or the day (UTC)' }),
      reservations: Type.Integer({ description: 'That were active in the span' }),
      container_minutes: Type.Number({ description: 'Within the span, until now' }),
      waits: Type.Integer({ description: 'Reservations that began to wait in the queue in the span' }),
      wait_seconds: Type.Integer({ description: 'For how long those have waited, all together' }),
    }),
  ),
})

const USAGE = {
  summary: 'Who had how much for how long',
  description: 'Users see their own only. As CSV with `Accept: text/csv` or `?format=csv`.',
  querystring: AskUsage,
  response: {
    200: {
      description: 'Sorted by key',
      content: { 'application/json': { schema: UsageView }, 'text/csv': { schema: Type.String() } },
    },
  },
}
