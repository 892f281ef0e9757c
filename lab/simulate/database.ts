/** The database of a simulation: a new SQLite file, or an empty PostgreSQL database. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import { BerthError } from '../../src/domain/errors.ts'
import { parseConfig } from '../../src/config/config.ts'
import type { Store } from '../../src/ports/store.ts'
import { connectPostgres } from '../../src/store/postgres/driver.ts'
import { existsPostgres, migratePostgres, openPostgres } from '../../src/store/postgres/open.ts'
import type { Tables } from '../../src/store/sql/schema/tables.ts'
import { connectSqlite } from '../../src/store/sqlite/driver.ts'
import { migrateSqlite, openSqlite } from '../../src/store/sqlite/open.ts'
import type { PostgresAddress } from '../../src/store/postgres/address.ts'

export interface SimulationDatabase {
  /** Opens the store of a manager. */
  open(manager: string): Promise<Store>
  /** Runs `work` on the tables, without a store. */
  edit(work: (db: Kysely<Tables>) => Promise<void>): Promise<void>
  /** Returns its size on the disk. */
  bytes(): Promise<number>
  /** Removes the file. A database on a server stays. */
  remove(): void
}

/** `database` is `sqlite` or a URL, as for `readAddress`. Throws if it is in use. */
export async function openDatabase(database: string): Promise<SimulationDatabase> {
  return database === 'sqlite' ? openFile() : openOnServer(readAddress(database))
}

/** Returns the address in the URL of a database. Throws if the URL would be refused in berth.yml. */
export function readAddress(url: string): PostgresAddress {
  const yaml = `database: ${JSON.stringify(url)}\npools: { p: { size: 1, ssh_ports: 2221 } }\n`
  const { postgres } = parseConfig(yaml, '--database', {})
  if (postgres === null) throw new Error('database must be sqlite or a URL like postgres://user@host/empty')
  return postgres
}

async function openFile(): Promise<SimulationDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-simulate-'))
  const file = join(folder, 'containers.db')
  await migrateSqlite(file)
  return {
    open: (manager) => openSqlite(file, manager),
    edit: (work) => withConnection(connectSqlite(file).db, work),
    // With the write-ahead log.
    bytes: async () => readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0),
    remove: () => rmSync(folder, { recursive: true }),
  }
}

async function openOnServer(address: PostgresAddress): Promise<SimulationDatabase> {
  if (await existsPostgres(address)) {
    throw new BerthError(
      'invalid_config',
      `${address.database} has tables already, perhaps of an earlier simulation; create an empty database`,
    )
  }
  await migratePostgres(address)
  return {
    open: (manager) => openPostgres(address, manager),
    edit: (work) => withConnection(connectPostgres(address), work),
    async bytes() {
      let size = 0
      await withConnection(connectPostgres(address), async (db) => {
        const { rows } = await sql<{ size: number }>`select pg_database_size(current_database()) as size`.execute(db)
        size = Number(rows[0]?.size)
      })
      return size
    },
    remove: () => {},
  }
}

async function withConnection(db: Kysely<Tables>, work: (db: Kysely<Tables>) => Promise<void>): Promise<void> {
  try {
    await work(db)
  } finally {
    await db.destroy()
  }
}
