/** SQLite through Node's own driver, for kysely. */
import { chmodSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
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
import { isBusy, translate } from './sqlite-errors.ts'
import type { Tables } from './tables.ts'

/** How long SQLite waits for another process, in milliseconds, while nothing else happens in this one. */
const BUSY_TIMEOUT = 5_000
/** How long a writer waits for those of other processes, in milliseconds: many hundreds may be before it. */
const WRITE_TIMEOUT = 30_000
/** Between two attempts, on average, in milliseconds. At random, or the same process is always late. */
const ATTEMPT_EVERY = 4
/** Most prepared statements that are kept: lists of all lengths make ever new ones. */
const KNOWN = 300

/** `:memory:` lives as long as the connection. `invalid_config` when the file cannot be used. */
export function connectSqlite(file: string): { db: Kysely<Tables>; database: DatabaseSync } {
  const database = connect(file)
  return { db: new Kysely<Tables>({ dialect: new Dialect({ database: adapt(database) }) }), database }
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
  const known = new Map<string, SqliteStatement>()

  /** Preparing takes longer than most statements do, and most are asked for again and again. */
  function prepare(sql: string): SqliteStatement {
    const before = known.get(sql)
    if (before) return before
    if (known.size >= KNOWN) known.clear()
    const statement = adaptStatement(database.prepare(sql))
    known.set(sql, statement)
    return statement
  }

  return {
    close: () => database.close(),
    // A full disk ends a transaction by itself, and a second end would be an error that hides the first.
    prepare: (sql) => prepare(sql === 'rollback' && !database.isTransaction ? 'select 1' : sql),
  }
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
