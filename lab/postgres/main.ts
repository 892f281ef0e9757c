/** `just postgres`: runs a server with an empty database until Ctrl-C, to try Berth with PostgreSQL. */
import { once } from 'node:events'
import { startPostgres } from './server.ts'

const server = await startPostgres()
const url = await server.createDatabase('berth')
process.stdout.write(`PostgreSQL is running until Ctrl-C, and then removed with its data. In another terminal:\n\n`)
process.stdout.write(`    BERTH_DATABASE='${url}' just up\n`)
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
await server.stop()
