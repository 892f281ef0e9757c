/** SQLite through Node's own driver: the only file that knows `node:sqlite`. */
import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { backup, DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
  type SqliteStatement,
  type TransactionSettings,
} from 'kysely'
import { BerthError, reasonOf } from '../core/errors.ts'
import { BERTH } from '../core/identity.ts'
import type { Store } from '../core/store.ts'
import { migrate, pendingMigrations } from './migrate.ts'
import { createSqlStore } from './sql-store.ts'
import { translate } from './sqlite-errors.ts'
import type { Tables } from './tables.ts'

/** How long SQLite waits for another process, in milliseconds, while nothing else happens in this one. */
const BUSY_TIMEOUT = 5_000
/** How long a writer waits for those of other processes, in milliseconds: many hundreds may be before it. */
const WRITE_TIMEOUT = 30_000
/** Between two attempts, on average, in milliseconds. At random, or the same process is always late. */
const ATTEMPT_EVERY = 4
const SQLITE_BUSY = 5

/**
 * Opens, and migrates, the database in this file; ":memory:" lives as long as the store. `manager` is the name under which
 * it prepares and leads: no two that run have the same. `invalid_config`, `schema_too_new`.
 */
export async function openSqlite(file: string, manager = 'berth'): Promise<Store> {
  const db = kyselyOf(file)
  try {
    await migrate(db)
  } catch (error) {
    await db.destroy()
    throw error
  }
  return createSqlStore(db, manager)
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
 * there at all; what is there already stays. Whoever goes on from it recycles what nobody held. `invalid_config`.
 */
export async function backupSqlite(file: string, copy: string, now: number): Promise<void> {
  if (!existsSync(file)) throw new BerthError('invalid_config', `there is no database ${file}`)
  if (existsSync(copy)) throw new BerthError('invalid_config', `${copy} exists already; name a new file`)
  const unfinished = `${copy}.unfinished`
  const source = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT })
  try {
    // It holds password hashes.
    writeFileSync(unfinished, '', { mode: 0o600 })
    // All pages at once: in steps, it would begin anew whenever the manager has written.
    await backup(source, unfinished, { rate: 2 ** 31 - 1 })
    distrust(unfinished, now)
    renameSync(unfinished, copy)
  } catch (cause) {
    throw new BerthError('invalid_config', `${copy} cannot be written: ${reasonOf(cause)}`, { cause })
  } finally {
    source.close()
    rmSync(unfinished, { force: true })
  }
}

/**
 * What nobody holds in a copy may be somebody's by the time it is used, and be lent again with them in it: the same container,
 * of the same generation. So it is to be recycled. What is held then is known by its reservation.
 */
function distrust(copy: string, now: number): void {
  const database = new DatabaseSync(copy)
  try {
    const free = "state IN ('creating', 'ready')"
    const has = (table: string) =>
      database.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(table) !== undefined
    // One file, without what SQLite would put beside it.
    database.exec('PRAGMA journal_mode = DELETE; BEGIN')
    if (has('events')) {
      const rows = `SELECT ?, 'container.removing', ?, pool, name, generation, ? FROM containers WHERE ${free}`
      const event = database.prepare(`INSERT INTO events (at, kind, "by", pool, container, generation, detail) ${rows}`)
      event.run(now, BERTH, COPIED)
    }
    if (has('containers')) {
      const update = `UPDATE containers SET state = 'removing', since = ?, retry_at = 0, error = ? WHERE ${free}`
      database.prepare(update).run(now, COPIED)
    }
    database.exec('COMMIT')
  } finally {
    database.close()
  }
}

const COPIED = 'this is a copy of the database: who has had it since is not known'

function kyselyOf(file: string): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new Dialect({ database: adapt(connect(file)) }) })
}

class Dialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig

  constructor(config: SqliteDialectConfig) {
    super(config)
    this.#config = config
  }

  override createAdapter(): SqliteAdapter {
    return new Adapter()
  }

  override createDriver(): Driver {
    return new WriteFirst(this.#config)
  }
}

/** Writers queue at BEGIN instead of failing at their first write; readers wait for nobody. */
class WriteFirst extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection, settings?: TransactionSettings): Promise<void> {
    const run = (sql: string) => connection.executeQuery(CompiledQuery.raw(sql))
    if (settings?.accessMode === 'read only') {
      await run('begin deferred')
      return
    }
    const deadline = performance.now() + WRITE_TIMEOUT
    // SQLite's own waiting would stop this process, and is so unfair that a process which writes much keeps the others out.
    // Between two of its transactions this one lets others in, and the rest of itself.
    for (let pause = 0; ; pause = Math.ceil(2 * ATTEMPT_EVERY * Math.random())) {
      await (pause === 0 ? nextTurn() : sleep(pause))
      await run('pragma busy_timeout = 0')
      try {
        await run('begin immediate')
        return
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw error
      } finally {
        await run(`pragma busy_timeout = ${BUSY_TIMEOUT}`)
      }
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}

/** Migrations are all or nothing: kysely leaves that out for SQLite, which can do it. */

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
    prepare: (sql) => adaptStatement(database.prepare(prepared(database, sql))),
  }
}

/** A full disk ends a transaction by itself, and a second end would be an error that hides the first. */
function prepared(database: DatabaseSync, sql: string): string {
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
