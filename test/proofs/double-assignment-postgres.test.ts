/** Several managers on one PostgreSQL and one engine: of concurrent requests, no two get the same container. */
import { after, before, it } from 'node:test'
import { startPostgres } from '../../lab/postgres/server.ts'
import { openRivals } from '../support/world/rivals.ts'

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())
const database = await server.createDatabase('berth')
const query = <T>(sql: string) => server.query('berth', sql) as Promise<T[]>
const rivals = await openRivals({ database }, () => query)

before(() => rivals.start())

it('On PostgreSQL, too, each container goes to one of many requests, and its holder can log in', (t) =>
  rivals.assertOneHolder(t))

it('On PostgreSQL, too, a killed manager takes nothing from holders whom the other managers have answered', (t) =>
  rivals.assertOneHolderAfterKill(t))
