/** SQLite through Node's own driver, for kysely. */
import { chmodSync, closeSync, existsSync, fchmodSync, openSync, statSync } from 'node:fs'
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
import { BerthError, reasonOf } from '../../domain/errors.ts'
import { BUSY_TIMEOUT_MS, GroupCommit, randomPauseMs } from './group-commit.ts'
import { block } from '../../ports/clock.ts'
import { isTrusted } from '../file-owner.ts'
import { isBusy, translate } from './errors.ts'
import type { Tables } from '../sql/schema/tables.ts'

/** Maximum number of prepared statements to keep: each length of a list makes another one. */
const MAX_STATEMENTS = 300

/** `:memory:` lives as long as the connection. `invalid_config` when the file cannot be used. */
export function connectSqlite(file: string): { db: Kysely<Tables>; database: DatabaseSync } {
  const database = connect(file)
  return { db: new Kysely<Tables>({ dialect: new Dialect(database, inPlace(file)) }), database }
}

class Dialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig
  readonly #database: DatabaseSync
  readonly #assertInPlace: () => void

  constructor(database: DatabaseSync, assertInPlace: () => void) {
    const config = { database: adapt(database) }
    super(config)
    this.#config = config
    this.#database = database
    this.#assertInPlace = assertInPlace
  }

  override createAdapter(): SqliteAdapter {
    return new Adapter()
  }

  override createDriver(): Driver {
    return new GroupCommit(this.#config, this.#database, this.#assertInPlace)
  }
}

/** Makes migrations all or nothing, which SQLite can do and kysely leaves out. */
class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

function connect(file: string): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    if (file !== ':memory:') createPrivate(file)
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true })
    // Fails if it is no database: a wrong path in berth.yml must not change the mode of another file.
    database.exec('PRAGMA schema_version')
    if (file !== ':memory:') makePrivate(file)
    switchToWal(database)
    // FULL: a reservation that was answered is on the disk even when the power fails.
    // secure_delete: erased values are overwritten in the file.
    database.exec('PRAGMA synchronous = FULL; PRAGMA secure_delete = ON')
    return database
  } catch (cause) {
    database?.close()
    throw new BerthError('invalid_config', `the database ${file} cannot be used: ${reasonOf(cause)}`, { cause })
  }
}

/**
 * Sets the journal mode to WAL, by polling: while another process writes to a file that is not in this mode, SQLite may
 * fail at once, whatever the busy timeout, because waiting could be a deadlock
 * (https://sqlite.org/c3ref/busy_handler.html). Blocks this thread. Makes no further attempt after `BUSY_TIMEOUT_MS`;
 * the last one may wait as long again.
 */
function switchToWal(database: DatabaseSync): void {
  const deadline = performance.now() + BUSY_TIMEOUT_MS
  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error
    }
    block(randomPauseMs())
  }
}

/**
 * Creates the file if it does not exist, readable by its owner alone whatever the umask, because it holds password
 * hashes. SQLite gives the files beside it (-wal, -shm) the same mode.
 */
function createPrivate(file: string): void {
  try {
    // Only a new file is opened here: closing a file ends all locks of this process on it, SQLite's too.
    const created = openSync(file, 'ax', 0o600)
    fchmodSync(created, 0o600)
    closeSync(created)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const found = statSync(file)
  if (!found.isFile()) throw new Error('it is not a file')
  const { uid } = found
  if (!isTrusted(uid)) throw new Error(`it belongs to another user (uid ${uid}), who could read and change all of it`)
}

/** Takes away the access of others that an earlier version, or a copy, has left. */
function makePrivate(file: string): void {
  for (const each of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(each)) chmodSync(each, 0o600)
}

/**
 * Returns a function that throws `database_unavailable` once the file is not at its path any more. SQLite would go on
 * writing into the removed file, and the next manager would know nothing of what was answered.
 */
function inPlace(file: string): () => void {
  if (file === ':memory:') return () => undefined
  const { dev, ino } = statSync(file)
  return () => {
    const now = statSync(file, { throwIfNoEntry: false })
    if (now?.dev === dev && now.ino === ino) return
    const what = `${file} was ${now ? 'replaced' : 'removed'} while this process used it`
    throw new BerthError(
      'database_unavailable',
      `the database cannot be used: ${what}; put it back, or stop the manager`,
    )
  }
}

/** The few methods of better-sqlite3 that kysely calls. */
function adapt(database: DatabaseSync): SqliteDatabase {
  const known = new Map<string, SqliteStatement>()

  /** Returns a kept statement: preparing takes longer than most statements do, and most are run again and again. */
  function prepare(sql: string): SqliteStatement {
    const before = known.get(sql)
    if (before) return before
    if (known.size >= MAX_STATEMENTS) known.clear()
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
