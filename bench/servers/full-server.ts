/**
 * A program: the whole API over a database that says there are thousands of containers, of which there is none.
 * Nothing is reconciled. Started by `servers.ts`.
 */
import { allowAnonymous } from '../../src/http/auth/auth.ts'
import { openMetrics } from '../../src/http/ops/metrics.ts'
import { buildServer } from '../../src/http/server.ts'
import { BUILD, contextOf, SETTINGS } from '../../lab/api.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld } from '../../lab/world.ts'

const [database = '', size = ''] = process.argv.slice(2)
process.once('disconnect', () => process.exit(0))
const metrics = openMetrics(BUILD)
const world = await createWorld({ pools: [pool({ size: Number(size) })], metrics, database })
const quiet = () => undefined
const server = buildServer({
  ...contextOf(world, { pools: world.pools, metrics, store: world.store }),
  log: { debug: quiet, info: quiet, warn: quiet, error: (message, fields) => console.error(message, fields) },
  settings: () => ({ ...SETTINGS, hosts: null }),
  authenticate: allowAnonymous(),
})
const address = await server.listen({ host: '127.0.0.1', port: 0 })
process.send?.(address)
