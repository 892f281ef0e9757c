/**
 * A program: the whole API over a database that says there are thousands of containers, of which there is none. Nothing is
 * reconciled. Started by `servers.ts`.
 */
import { welcomeAnyone } from '../src/http/access/auth.ts'
import { openMetrics } from '../src/http/metrics.ts'
import { buildServer } from '../src/http/server.ts'
import { contextOf } from '../test/support/api.ts'
import { pool } from '../test/support/rows.ts'
import { createWorld } from '../test/support/world.ts'

const [database = '', size = ''] = process.argv.slice(2)
process.once('disconnect', () => process.exit(0))
const metrics = openMetrics()
const world = await createWorld({ pools: [pool({ size: Number(size) })], metrics, database })
const quiet = () => undefined
const server = buildServer({
  ...contextOf(world, { pools: world.pools, metrics, store: world.store }),
  log: { debug: quiet, info: quiet, warn: quiet, error: (message, fields) => console.error(message, fields) },
  hosts: null,
  authenticate: welcomeAnyone(),
})
const address = await server.listen({ host: '127.0.0.1', port: 0 })
process.send?.(address)
