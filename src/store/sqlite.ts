/** SQLite through Node's own driver: the only file that knows `node:sqlite`. */
import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { backup, DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { Kysely, SqliteAdapter, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely'
import { BerthError, reasonOf } from '../core/errors.ts'
import type { Store } from '../core/store.ts'
import { migrate, pendingMigrations } from './migrate.ts'
import { createSqlStore } from './sql-store.ts'
import { translate } from './sqlite-errors.ts'
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

/**
 * Copies the database in this file as it is at one moment, also while a manager writes to it. The copy is whole, or not
 * there at all; what is there already stays. `invalid_config`.
 */
export async function backupSqlite(file: string, copy: string): Promise<void> {
  if (!existsSync(file)) throw new BerthError('invalid_config', `there is no database ${file}`)
  if (existsSync(copy)) throw new BerthError('invalid_config', `${copy} exists already; name a new file`)
  const unfinished = `${copy}.unfinished`
  const source = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT })
  try {
    // It holds password hashes.
    writeFileSync(unfinished, '', { mode: 0o600 })
    // All pages at once: in steps, it would begin anew whenever the manager has written.
    await backup(source, unfinished, { rate: 2 ** 31 - 1 })
    renameSync(unfinished, copy)
  } catch (cause) {
    throw new BerthError('invalid_config', `${copy} cannot be written: ${reasonOf(cause)}`, { cause })
  } finally {
    source.close()
    rmSync(unfinished, { force: true })
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
    prepare: (sql) => adaptStatement(database.prepare(prepared(database, sql))),
  }
}

/** A full disk ends a transaction by itself, and a second end would be an error that hides the first. */
function prepared(database: DatabaseSync, sql: string): string {
  if (sql === 'begin') return 'begin immediate'
  return sql === 'rollback' && !database.isTransaction ? 'select 1' : sql
}

function adaptStatement(statement: StatementSync): SqliteStatement {
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[]
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => translating(() => statement.all(...values(parameters))),
    iterate: (parameters) => statement.iterate(...values(parameters)),
    run: (parameters) => translating(() => statement.run(...values(parameters))),
  }
}

function translating<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw translate(error)
  }
}
