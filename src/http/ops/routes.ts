/** For operators: liveness, readiness and metrics. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from '../json-schema.ts'
import { PROBE } from '../auth/admission.ts'
import type { ServerContext } from '../context.ts'
import { ADMIN_ONLY } from '../auth/identity.ts'
import { errorMessage } from '../errors/error-message.ts'
import { RETRY_AFTER_S } from '../errors/problems.ts'
import { createReadiness, NotReady, Ready } from './readiness.ts'

const tags = ['manager']

const Alive = Type.Object(
  { status: Type.Literal('ok'), version: Type.String({ description: 'Version of the manager' }) },
  { title: 'Health', description: 'The process serves' },
)
const Refused = errorMessage('Only an admin may do this')
const Figures = { description: "Prometheus' text format", content: { 'text/plain': { schema: Type.String() } } }

export function opsRoutes(server: FastifyInstance, context: ServerContext): void {
  const { store, pools, clock, metrics, terminals, tunnels, gateway, version, reconciler, clockOffset } = context
  const currentReadiness = createReadiness(context)
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()

  const healthz = { tags, operationId: 'getHealth', summary: 'Whether the process serves', response: { 200: Alive } }
  typed.get('/healthz', { schema: healthz, ...PROBE }, async () => ({ status: 'ok' as const, version }))

  const readyz = {
    tags,
    operationId: 'getReadiness',
    summary: 'Whether it can do its work',
    response: { 200: Ready, 503: NotReady },
  }
  typed.get('/readyz', { schema: readyz, ...PROBE }, async (_request, reply) => {
    const readiness = await currentReadiness()
    if (readiness.status === 'ready') return readiness
    return reply.code(503).header('retry-after', RETRY_AFTER_S).send(readiness)
  })

  const figures = {
    tags,
    operationId: 'getMetrics',
    summary: 'Figures for Prometheus',
    response: { 200: Figures, 401: Refused, 403: Refused },
  }
  typed.get('/metrics', { schema: figures, config: { frequent: true }, ...ADMIN_ONLY }, async (_request, reply) => {
    const text = await metrics.render(pools.all(), await store.snapshot(), {
      now: clock(),
      terminals: terminals.counts.terminals,
      tunnels: tunnels.count,
      gateway: gateway?.figures.open ?? 0,
      isLeading: reconciler.isLeading(),
      clockOffsetMs: clockOffset(),
    })
    return reply.type(metrics.contentType).send(text)
  })
}
