import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { ServerContext } from '../context.ts'
import { ContainerList } from '../schemas.ts'

export function containerRoutes(server: FastifyInstance, { store, sshHost }: ServerContext): void {
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()
  const schema = { summary: 'Containers, and why one is not well', response: { 200: ContainerList } }
  typed.get('/v1/containers', { schema }, async () => {
    const { containers } = await store.snapshot()
    return {
      containers: containers.map(({ name, pool, state, since, generation, port, hostKey, attempts, error }) => ({
        ...{ name, pool, state, since: new Date(since).toISOString(), generation },
        ...{ host: sshHost, port, host_key: hostKey, attempts, error },
      })),
    }
  })
}
