import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { IfNoneMatch, NotModified, representationOf, sendUnlessKnown, serialised } from '../conditional.ts'
import type { ServerContext } from '../context.ts'
import { ADMIN_ONLY, identityOf } from '../access/identity.ts'
import { viewPools } from '../pool-views.ts'
import { Named, PoolList, PoolView, Resize } from './pool-schemas.ts'

export function poolRoutes(server: FastifyInstance, context: ServerContext): void {
  const { pools, operating } = context
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()

  typed.get('/v1/pools', { schema: LIST }, async (request, reply) => {
    const text = serialised(reply, { pools: await viewPools(context, pools.all()) })
    return sendUnlessKnown(request, reply, representationOf(text))
  })

  typed.patch('/v1/pools/:name', { schema: RESIZE, ...ADMIN_ONLY }, async (request) => {
    const pool = await operating.resize(request.params.name, request.body.size, identityOf(request))
    const [view] = await viewPools(context, [pool])
    if (!view) throw new Error('one pool has one view')
    return view
  })
}

const LIST = {
  summary: 'Pools, and how their containers are',
  headers: IfNoneMatch,
  response: { 200: PoolList, 304: NotModified },
}
const RESIZE = {
  summary: 'Let a pool grow or shrink (admin)',
  description:
    'Holds over restarts, until it is null again. Places with the highest numbers go first: at once where nobody holds ' +
    'them, otherwise when they are released. Fewer than are reserved is `conflict`.',
  params: Named,
  body: Resize,
  response: { 200: PoolView },
}
