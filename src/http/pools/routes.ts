import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { IfNoneMatch, NotModified, represent, sendUnlessKnown } from '../etag.ts'
import type { ServerContext } from '../context.ts'
import { ADMIN_ONLY, identityOf } from '../auth/identity.ts'
import { viewPools } from './views.ts'
import { PoolList, PoolView, Resize } from './schemas.ts'
import { Named } from '../json-schema.ts'

export function poolRoutes(server: FastifyInstance, context: ServerContext): void {
  const { pools, admin } = context
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()

  typed.get('/v1/pools', { schema: LIST }, async (request, reply) => {
    const list = { pools: await viewPools(context, () => pools.all()) }
    return sendUnlessKnown(request, reply, represent(reply, list))
  })

  const rules = ({ params, body }: FastifyRequest) => {
    const { size = null } = body as Partial<Static<typeof Resize>>
    return admin.sizeViolations((params as Static<typeof Named>).name, size)
  }
  typed.patch('/v1/pools/:name', { schema: RESIZE, config: { rules }, ...ADMIN_ONLY }, async (request) => {
    const pool = await admin.resize(request.params.name, request.body.size, identityOf(request))
    const [view] = await viewPools(context, () => [pool])
    if (!view) throw new Error('one pool has one view')
    return view
  })
}

const LIST = {
  tags: ['pools'],
  operationId: 'listPools',
  summary: 'Pools, and the states of their containers',
  headers: IfNoneMatch,
  response: { 200: PoolList, 304: NotModified },
}
const RESIZE = {
  tags: ['pools'],
  operationId: 'resizePool',
  summary: 'Let a pool grow or shrink (admin)',
  description:
    'The size survives restarts; null returns to berth.yml. Slots with the highest numbers go first: at once where ' +
    'they are not reserved, otherwise when they are released. A size below the number of reserved containers is ' +
    '`conflict`.',
  params: Named,
  body: Resize,
  response: { 200: PoolView },
}
