import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { invalidRequest } from '../../core/errors.ts'
import type { ServerContext } from '../context.ts'
import { ADMIN_ONLY, identityOf } from '../identity.ts'
import { viewPools } from '../pool-views.ts'
import { Named, PoolList, PoolView, Resize } from './pool-schemas.ts'

export function poolRoutes(server: FastifyInstance, context: ServerContext): void {
  const { pools, operating } = context
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()

  typed.get('/v1/pools', { schema: LIST }, async () => ({ pools: await viewPools(context, pools.all()) }))

  typed.patch(
    '/v1/pools/:name',
    { schema: RESIZE, ...ADMIN_ONLY, validatorCompiler: () => () => true },
    async (request) => {
      const pool = await operating.resize(request.params.name, readSize(request.body), identityOf(request))
      const [view] = await viewPools(context, [pool])
      if (!view) throw new Error('one pool has one view')
      return view
    },
  )
}

/**
 * Not left to fastify, which would make 0 of null and of false, as is right for query strings alone: a pool is not emptied
 * by a slip.
 */
function readSize(body: unknown): number | null {
  const fields = typeof body === 'object' && body !== null ? Object.entries(body) : []
  const size: unknown = fields.find(([name]) => name === 'size')?.[1]
  const faults = fields.filter(([name]) => name !== 'size').map(([path]) => ({ path, message: 'is not known here' }))
  if (size !== null && !(Number.isInteger(size) && Number(size) >= 0)) {
    faults.push({ path: 'size', message: 'must be a whole number from 0 on, or null for the size in berth.yml' })
  }
  if (faults.length > 0) throw invalidRequest(faults)
  return size as number | null
}

const LIST = { summary: 'Pools, and how their containers are', response: { 200: PoolList } }
const RESIZE = {
  summary: 'Let a pool grow or shrink (admin)',
  description:
    'Holds over restarts, until it is null again. Places with the highest numbers go first: at once where nobody holds ' +
    'them, otherwise when they are released. Fewer than are reserved is `conflict`.',
  params: Named,
  body: Resize,
  response: { 200: PoolView },
}
