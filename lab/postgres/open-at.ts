/** Opens stores and databases by their names. */
import type { Kysely } from 'kysely'
import type { Store } from '../../src/ports/store.ts'
import { connectPostgres } from '../../src/store/postgres/driver.ts'
import { migratePostgres, openPostgres } from '../../src/store/postgres/open.ts'
import type { Tables } from '../../src/store/sql/schema/tables.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { addressOf, type PostgresServer } from './server.ts'

/** Opens the store at `where`: a SQLite file, or the URL of a PostgreSQL database. */
export function openAt(where: string, manager: string): Promise<Store> {
  return where.startsWith('postgres:') ? openPostgres(addressOf(where), manager) : openSqlite(where, manager)
}

/** Connects to the database at this URL, or to a new database of this server. */
export async function connectTo(server: PostgresServer, url?: string): Promise<Kysely<Tables>> {
  const address = addressOf(url ?? (await server.createDatabase()))
  await migratePostgres(address)
  return connectPostgres(address)
}
