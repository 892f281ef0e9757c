/**
 * A program, started by `managers.ts`: the API of a manager on a database whose containers exist only there. Accounts
 * take no time, and nothing is reconciled.
 */
import { randomUUID } from 'node:crypto'
import { MemoryAccounts } from '../../src/accounts/memory.ts'
import { MemoryHost } from '../../src/engine/memory/host.ts'
import { allowAnonymous } from '../../src/http/auth/auth.ts'
import { openMetrics } from '../../src/http/ops/metrics.ts'
import { buildServer } from '../../src/http/server.ts'
import type { Store } from '../../src/ports/store.ts'
import { connectPostgres } from '../../src/store/postgres/driver.ts'
import { BUILD, contextOf, SETTINGS } from '../../lab/api.ts'
import { addressOf } from '../../lab/postgres/server.ts'
import { NOW, pool } from '../../lab/rows.ts'
import { createWorld } from '../../lab/world.ts'

const [where = '', size = ''] = process.argv.slice(2)
process.once('disconnect', () => process.exit(0))
const metrics = openMetrics(BUILD)
const now = () => NOW
const world = await createWorld({
  pools: [pool({ size: Number(size) })],
  metrics,
  within: { host: new MemoryHost({ now }), accounts: new MemoryAccounts(() => true), now },
  ...(where.startsWith('postgres:') ? { db: connectPostgres(addressOf(where)) } : { database: where }),
  around: (name, port) => (name === 'store' ? withOwnIds(port) : port),
})
const quiet = () => undefined
const server = buildServer({
  ...contextOf(world, { pools: world.pools, metrics, store: world.store }),
  log: { debug: quiet, info: quiet, warn: quiet, error: (message, fields) => console.error(message, fields) },
  settings: () => ({ ...SETTINGS, hosts: null }),
  authenticate: allowAnonymous(),
})
const address = await server.listen({ host: '127.0.0.1', port: 0 })
process.send?.(address)

/** Replaces the ids of reservations: each world counts from 1, and several share the database. */
function withOwnIds<T extends object>(port: T): T {
  const { claim } = port as unknown as Store
  return { ...port, claim: (...[wanted, at]: Parameters<Store['claim']>) => claim({ ...wanted, id: randomUUID() }, at) }
}
