/** Opens a store by the name of its database. */
import type { Store } from '../../src/ports/store.ts'
import { openPostgres } from '../../src/store/postgres/open.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { addressOf } from './server.ts'

/** `where` is a SQLite file, or the URL of a PostgreSQL database. */
export function openAt(where: string, manager: string): Promise<Store> {
  return where.startsWith('postgres:') ? openPostgres(addressOf(where), manager) : openSqlite(where, manager)
}
