/**
 * A program: serves the API over the in-memory world on a real socket, so that thousands of reservations cost no
 * Docker, and its memory can be watched from outside. Started by `served.ts`, which also talks to it.
 */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { createHashing } from '../../../src/accounts/hashing/hashing.ts'
import { accessTo } from '../http/token-api.ts'
import { mintToken } from '../../../src/usecases/token-secret.ts'
import { openMetrics } from '../../../src/http/ops/metrics.ts'
import { buildServer } from '../../../src/http/server.ts'
import { BUILD, contextOf, SETTINGS } from '../../../lab/api.ts'
import { pool } from '../../../lab/rows.ts'
import type { ServedOptions, Usage } from './served.ts'
import { createWorld } from '../../../lab/world.ts'

const TICK_EVERY = 25

const { tokens = false, rateLimit = 0, size = 20 } = JSON.parse(process.argv[2] ?? '{}') as ServedOptions
const pools = [
  pool({ name: 'calm', size, ports: Array.from({ length: size }, (_, index) => 3_000 + index) }),
  pool({ name: 'busy', size, ports: Array.from({ length: size }, (_, index) => 4_000 + index) }),
]
const metrics = openMetrics(BUILD)
const world = await createWorld({ pools, metrics, hashPassword: createHashing() })
await world.settle()

const quiet = () => undefined
const server = buildServer({
  ...contextOf(world, { pools: world.pools, metrics, store: world.store }),
  log: { debug: quiet, info: quiet, warn: quiet, error: (message, fields) => console.error(message, fields) },
  settings: () => ({ ...SETTINGS, rateLimit, hosts: null }),
  ...(tokens && accessTo(world)),
})

const minted = mintToken()
if (tokens) {
  const limits = { containers: null, durationMs: null, pools: null }
  const token = { id: minted.id, hash: minted.hash, name: 'calm', role: 'admin' as const, limits }
  await world.store.addToken(
    { ...token, createdAt: world.now(), expiresAt: null, lastUsedAt: null },
    'test',
    world.now(),
  )
}

async function usage(): Promise<Usage> {
  // Twice, with a turn between: what the first finds unused may hold more.
  for (let round = 0; round < 2; round += 1) {
    globalThis.gc?.()
    await turn()
  }
  const { heapUsed, external } = process.memoryUsage()
  const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  return { memory: heapUsed + external, timers }
}

process.on('message', (ask) => {
  if (ask === 'usage') void usage().then((told) => process.send?.(told))
})
process.once('disconnect', () => process.exit(0))

const address = await server.listen({ host: '127.0.0.1', port: 0 })
process.send?.({ port: Number(new URL(address).port), token: minted.text })
for (let last = performance.now(); ; ) {
  await sleep(TICK_EVERY)
  const now = performance.now()
  world.advance(now - last)
  last = now
  await world.reconciler.tick()
  await world.reconciler.idle()
  // What tests read of a world would be a leak here.
  world.logged.length = 0
}
