/** The store on PostgreSQL, in databases whose collation is not the order of bytes. */
import { after } from 'node:test'
import { addressOf, startPostgres } from '../../lab/postgres/server.ts'
import { openPostgres } from '../../src/store/postgres/open.ts'
import { storeContract } from './store.ts'
import { doorsContract } from './store-doors.ts'
import { managersContract } from './store-managers.ts'
import { sharedViewContract } from './store-shared-view.ts'

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())

storeContract('PostgreSQL', async () => openPostgres(addressOf(await server.createDatabase())))

for (const contract of [managersContract, sharedViewContract, doorsContract]) {
  contract('PostgreSQL', async () => {
    const address = addressOf(await server.createDatabase())
    return (at) => openPostgres(address, at)
  })
}
