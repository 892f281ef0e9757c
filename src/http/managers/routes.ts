/** The managers that serve the same database. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { ADMIN_ONLY } from '../auth/identity.ts'
import type { ServerContext } from '../context.ts'
import { ManagerList } from './schemas.ts'
import { viewManager } from './views.ts'

export function managerRoutes(server: FastifyInstance, { store, clock }: ServerContext): void {
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()
  typed.get('/v1/managers', { schema: MANAGERS, ...ADMIN_ONLY }, async () => {
    const managers = await store.managers()
    const now = clock()
    return { managers: managers.map((manager) => viewManager(manager, now)) }
  })
}

const MANAGERS = {
  tags: ['manager'],
  operationId: 'listManagers',
  summary: 'The managers of this database',
  description: 'In the order in which they started. A manager that has died is listed for an hour.',
  response: { 200: ManagerList },
}
