import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { ServerContext } from '../context.ts'
import { PoolList } from '../schemas.ts'

export function poolRoutes(server: FastifyInstance, { store, pools }: ServerContext): void {
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()
  const schema = { summary: 'Pools, and how their containers are', response: { 200: PoolList } }
  typed.get('/v1/pools', { schema }, async () => {
    const { containers } = await store.snapshot()
    const facts = await store.poolFacts()
    return {
      pools: pools.all().map(({ name, size, image, memory, cpus, pids, sudo }) => {
        const states = Map.groupBy(
          containers.filter((c) => c.pool === name),
          (c) => c.state,
        )
        return {
          ...{ name, size, image, os: facts.get(name)?.os ?? null },
          ...{ memory_bytes: memory, cpus, pids, sudo },
          containers: Object.fromEntries([...states].map(([state, rows]) => [state, rows.length])),
        }
      }),
    }
  })
}
