/** Usage: containers and time by owner, account, pool or day. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from '../json-schema.ts'
import { type Violation, invalidRequest } from '../../domain/errors.ts'
import { gotText } from '../../domain/text/got.ts'
import { ownOnly } from '../../domain/identity.ts'
import { usageOf } from '../../domain/usage.ts'
import type { ServerContext } from '../context.ts'
import { violationsFrom } from '../errors/violations.ts'
import { identityOf } from '../auth/identity.ts'
import { readTime, time } from '../time.ts'
import { AskUsage, UsageView } from './schemas.ts'
import { usageCsv, viewRow } from './views.ts'

/** Default span. */
const STANDARD_SPAN_MS = 30 * 86_400_000

export function usageRoutes(server: FastifyInstance, { store, clock }: ServerContext): void {
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()

  const rules = ({ query }: FastifyRequest) => violationsFrom(() => readSpan(query as { from?: string }, clock()))
  typed.get('/v1/usage', { schema: USAGE, config: { rules } }, async (request, reply) => {
    const { by = 'user', format } = request.query
    const now = clock()
    const { from, to } = readSpan(request.query, now)
    const lent = await store.usageRecords(from, to, ownOnly(identityOf(request)).owner ?? null)
    const rows = usageOf(lent, { from, to, by, now })
    const wantsCsv = format === undefined ? /\btext\/csv\b/i.test(request.headers.accept ?? '') : format === 'csv'
    if (!wantsCsv) return { from: time(from), to: time(to), by, rows: rows.map(viewRow) }
    reply.type('text/csv; charset=utf-8; header=present')
    reply.header('content-disposition', 'attachment; filename="berth-usage.csv"')
    return reply.send(usageCsv(by, rows))
  })
}

/** Returns the span that the query asks for; the last 30 days by default. */
function readSpan(query: { from?: string; to?: string }, now: number): { from: number; to: number } {
  const violations: Violation[] = []
  const read = (path: 'from' | 'to') => {
    const text = query[path]
    const ms = text === undefined ? null : readTime(text)
    if (text !== undefined && ms === null) {
      const allowed = 'a day like 2026-11-24, or an RFC 3339 timestamp like 2026-11-24T17:00:00Z'
      violations.push({ path, message: `must be ${allowed}${gotText(text)}` })
    }
    return ms
  }
  const [begin, end] = [read('from'), read('to')]
  const to = end ?? now
  const from = begin ?? to - STANDARD_SPAN_MS
  if (violations.length === 0 && from >= to)
    violations.push({ path: 'from', message: `must be earlier than to, ${time(to)}, got ${time(from)}` })
  if (violations.length > 0) throw invalidRequest(violations)
  return { from, to }
}

const USAGE = {
  tags: ['usage'],
  operationId: 'getUsage',
  summary: 'Usage by owner, account, pool or day',
  description: 'Users see their own only. As CSV with `Accept: text/csv` or `?format=csv`.',
  querystring: AskUsage,
  response: {
    200: {
      description: 'Sorted by key',
      content: { 'application/json': { schema: UsageView }, 'text/csv': { schema: Type.String() } },
    },
  },
}
