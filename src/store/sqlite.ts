/** SQLite through Node's own driver: the only file that knows `node:sqlite`. */
import { chmodSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { Kysely, SqliteAdapter, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely'
import { BerthError, reasonOf } from '../core/errors.ts'
import type { Store } from '../core/store.ts'
import { migrate, pendingMigrations } from './migrate.ts'
import { createSqlStore } from './sql-store.ts'
import type { Tables } from './tables.ts'

/** How long to wait for another process that writes, in milliseconds. */
const BUSY_TIMEOUT = 5_000

/** Opens, and migrates, the database in this file; ":memory:" lives as long as the store. `invalid_config`, `schema_too_new`. */
export async function openSqlite(file: string): Promise<Store> {
  const db = kyselyOf(file)
  try {
    await migrate(db)
  } catch (error) {
    await db.destroy()
    throw error
  }
  return createSqlStore(db)
}

/** Brings the database in this file up to date, and gives the names of the migrations that were applied. */
export async function migrateSqlite(file: string): Promise<string[]> {
  const db = kyselyOf(file)
  try {
    return await migrate(db)
  } finally {
    await db.destroy()
  }
}

/** What `migrateSqlite` would apply. */
export async function pendingSqlite(file: string): Promise<string[]> {
  const db = kyselyOf(file)
  try {
    return await pendingMigrations(db)
  } finally {
    await db.destroy()
  }
}

function kyselyOf(file: string): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new Dialect({ database: adapt(connect(file)) }) })
}

/** Migrations are all or nothing: kysely leaves that out for SQLite, which can do it. */
class Dialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new Adapter()
  }
}

class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

function connect(file: string): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT, enableForeignKeyConstraints: true })
    // It holds password hashes. What SQLite puts beside it (-wal, -shm) gets the same mode.
    if (file !== ':memory:') chmodSync(file, 0o600)
    // FULL: a reservation that was answered is on the disk, also when the power fails.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    return database
  } catch (cause) {
    database?.close()
    throw new BerthError('invalid_config', `the database ${file} cannot be used: ${reasonOf(cause)}`, { cause })
  }
}

/** The few methods of better-sqlite3 that kysely calls. */
function adapt(database: DatabaseSync): SqliteDatabase {
  return {
    close: () => database.close(),
    // Writers queue at BEGIN instead of failing at their first write, and what a transaction has read stays true in it.
    prepare: (sql) => adaptStatement(database.prepare(sql === 'begin' ? 'begin immediate' : sql)),
  }
}

function adaptStatement(statement: StatementSync): SqliteStatement {
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[]
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
  }
}
