/** The OpenAPI document that the server serves. `just api` commits to it. */
import { createPools } from '../../../src/domain/pools.ts'
import { openMetrics } from '../../../src/http/ops/metrics.ts'
import { buildServer } from '../../../src/http/server.ts'
import { readVersion } from '../../../src/version.ts'
import { BUILD, contextOf } from '../../../lab/api.ts'
import { createWorld } from '../../../lab/world.ts'

export async function dumpOpenapi(): Promise<string> {
  const world = await createWorld()
  const context = contextOf(world, { pools: createPools([]), metrics: openMetrics(BUILD), store: world.store })
  const server = buildServer({ ...context, version: readVersion() })
  try {
    const { payload } = await server.inject('/openapi.json')
    return `${JSON.stringify(JSON.parse(payload), null, 2)}\n`
  } finally {
    await server.close()
    await world.store.close()
  }
}

if (import.meta.main) process.stdout.write(await dumpOpenapi())
