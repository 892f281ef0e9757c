/** SQLite through Node's own driver, for kysely. */
import { chmodSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import {
  type Driver,
  Kysely,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteDialectConfig,
  type SqliteStatement,
} from 'kysely'
import { BerthError, reasonOf } from '../core/errors.ts'
import { BUSY_TIMEOUT, SharedCommits } from './shared-commits.ts'
import { translate } from './sqlite-errors.ts'
import type { Tables } from './tables.ts'

/** Most prepared statements that are kept: lists of all lengths make ever new ones. */
const KNOWN = 300

/** `:memory:` lives as long as the connection. `invalid_config` when the file cannot be used. */
export function connectSqlite(file: string): { db: Kysely<Tables>; database: DatabaseSync } {
  const database = connect(file)
  return { db: new Kysely<Tables>({ dialect: new Dialect(database) }), database }
}

class Dialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    const config = { database: adapt(database) }
    super(config)
    this.#config = config
    this.#database = database
  }

  override createAdapter(): SqliteAdapter {
    return new Adapter()
  }

  override createDriver(): Driver {
    return new SharedCommits(this.#config, this.#database)
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
    prepare,
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
