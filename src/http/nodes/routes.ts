/** The machines of the engine. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { ADMIN_ONLY } from '../auth/identity.ts'
import type { ServerContext } from '../context.ts'
import { NodeList } from './schemas.ts'
import { viewNode } from './views.ts'

export function nodeRoutes(server: FastifyInstance, { nodes }: ServerContext): void {
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()
  typed.get('/v1/nodes', { schema: NODES, ...ADMIN_ONLY }, async () => {
    const found = await nodes.list()
    return { cluster: found !== null, nodes: found?.map(viewNode) ?? [] }
  })
}

const NODES = {
  tags: ['manager'],
  operationId: 'listNodes',
  summary: 'The nodes of the engine, and what is on them',
  description: 'By name, as the engine says now. 503 while it does not answer.',
  response: { 200: NodeList },
}
