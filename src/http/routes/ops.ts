/** For whoever runs the manager: whether it lives, whether it can serve, and figures. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from '../json-schema.ts'
import { reasonOf } from '../../core/errors.ts'
import { PROBE } from '../access/admission.ts'
import type { ServerContext } from '../context.ts'
import { ADMIN_ONLY } from '../access/identity.ts'
import { RETRY_AFTER } from '../problems.ts'

const tags = ['operations']

const Alive = Type.Object({ status: Type.Literal('ok') }, { description: 'The process serves' })
const Ready = Type.Object({ status: Type.Literal('ready') }, { description: 'Database and engine answer' })
const NotReady = Type.Object(
  { status: Type.Literal('not ready'), reasons: Type.Array(Type.String()) },
  { description: 'Something that it needs does not answer; ask again after Retry-After seconds' },
)
const Refused = Type.Object({ error: Type.String() }, { description: 'Only an admin may do this' })
const Figures = { description: "Prometheus' text format", content: { 'text/plain': { schema: Type.String() } } }

export function opsRoutes(server: FastifyInstance, context: ServerContext): void {
  const { store, pools, clock, log, reconciler, metrics } = context
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()

  /** Why requests cannot be served now; empty when they can. */
  async function problems(): Promise<string[]> {
    const reasons: string[] = []
    try {
      await store.poolFacts()
    } catch (error) {
      log.warn('the database does not answer', { reason: reasonOf(error) })
      reasons.push('the database does not answer; the log of the manager says why')
    }
    if (!reconciler.databaseWritable()) {
      reasons.push('nothing can be written into the database; the log of the manager says why')
    }
    // Anybody may ask, and what the engine has said is not for anybody.
    if (!reconciler.engineAnswers()) {
      const asked = reconciler.engineProblem() !== null
      const why = asked ? 'does not answer; the log of the manager says why' : 'was not asked yet'
      reasons.push(`the container engine ${why}`)
    }
    return reasons
  }

  const healthz = { tags, summary: 'Whether the process serves', response: { 200: Alive } }
  typed.get('/healthz', { schema: healthz, ...PROBE }, async () => ({ status: 'ok' as const }))

  const readyz = { tags, summary: 'Whether it can do its work', response: { 200: Ready, 503: NotReady } }
  typed.get('/readyz', { schema: readyz, ...PROBE }, async (_request, reply) => {
    const reasons = await problems()
    if (reasons.length === 0) return { status: 'ready' as const }
    return reply.code(503).header('retry-after', RETRY_AFTER).send({ status: 'not ready', reasons })
  })

  const figures = { tags, summary: 'Figures for Prometheus', response: { 200: Figures, 401: Refused, 403: Refused } }
  typed.get('/metrics', { schema: figures, ...ADMIN_ONLY }, async (_request, reply) => {
    const text = await metrics.render(pools.all(), await store.snapshot(), clock())
    return reply.type(metrics.contentType).send(text)
  })
}
