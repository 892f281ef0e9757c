/** Several managers on one PostgreSQL and one engine: of concurrent requests, no two get the same container. */
import { after, before, it } from 'node:test'
import { startPostgres } from '../../lab/postgres/server.ts'
import { prepareContention } from '../support/world/contention.ts'

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())
const database = await server.createDatabase('berth')
const query = <T>(sql: string) => server.query('berth', sql) as Promise<T[]>
const contention = await prepareContention({ database }, () => query)

before(() => contention.start())

it('On PostgreSQL, too, each container goes to one of many requests, and its holder can log in', (t) =>
  contention.assertOneHolder(t))

it('On PostgreSQL, too, a killed manager takes nothing from holders whom the other managers have answered', (t) =>
  contention.assertOneHolderAfterKill(t))
