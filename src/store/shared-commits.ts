/**
 * Transactions of SQLite that share a COMMIT: it waits for the disk, which takes longer than most of them do. Whoever asks
 * for a transaction while another one is under way gets a savepoint behind it, and those that follow one another in this way
 * are written together. None is answered before that, and when it fails, it fails for all of them.
 */
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
  type SqliteDialectConfig,
  SqliteDriver,
  type TransactionSettings,
} from 'kysely'
import { isBusy } from './sqlite-errors.ts'

/** How long SQLite waits for another process, in milliseconds, while nothing else happens in this one. */
export const BUSY_TIMEOUT = 5_000
/** How long a writer waits for those of other processes, in milliseconds: many hundreds may be before it. */
const WRITE_TIMEOUT = 30_000
/** Between two attempts, on average, in milliseconds. At random, or the same process is always late. */
const ATTEMPT_EVERY = 4
/** Most transactions of one COMMIT: other processes, and the rest of this one, wait for all of them. */
const MOST = 16

/** Writers queue at BEGIN instead of failing at their first write; readers wait for no other process. */
export class SharedCommits implements Driver {
  readonly #driver: SqliteDriver
  readonly #database: DatabaseSync
  /** What has begun and waits for its COMMIT. */
  #group: Group | null = null
  /** How many wait for the only connection. */
  #waiting = 0

  constructor(config: SqliteDialectConfig, database: DatabaseSync) {
    this.#driver = new SqliteDriver(config)
    this.#database = database
  }

  init(): Promise<void> {
    return this.#driver.init()
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    this.#waiting += 1
    try {
      const connection = await this.#driver.acquireConnection()
      return new Turn(connection, { before: () => this.#finish(connection), failed: (error) => this.#lose(error) })
    } finally {
      this.#waiting -= 1
    }
  }

  async beginTransaction(connection: DatabaseConnection, settings?: TransactionSettings): Promise<void> {
    const turn = connection as Turn
    if (settings?.accessMode === 'read only') {
      await turn.run('begin deferred')
      return
    }
    if (!this.#group) {
      await beginWriting(turn.connection)
      this.#group = newGroup()
    }
    turn.group = this.#group
    await turn.run('savepoint one')
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    const turn = connection as Turn
    const { group } = turn
    if (!group) return turn.run('commit')
    await turn.run('release one')
    await this.#pass(turn)
    await group.written.promise
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const turn = connection as Turn
    // When the COMMIT has failed, or the disk is full, there is nothing left to undo.
    if (turn.passed || !this.#database.isTransaction) return
    if (!turn.group) return turn.run('rollback')
    await turn.run('rollback to one')
    await turn.run('release one')
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    await this.#pass(connection as Turn)
  }

  destroy(): Promise<void> {
    return this.#driver.destroy()
  }

  /** Leaves the connection to whoever is next. */
  async #pass(turn: Turn): Promise<void> {
    if (turn.passed) return
    turn.passed = true
    const { connection, group } = turn
    try {
      if (group) group.size += 1
      if (this.#waiting === 0 || (group?.size ?? 0) >= MOST) await this.#finish(connection)
    } finally {
      await this.#driver.releaseConnection()
    }
  }

  /** The COMMIT, if one is due; whether it succeeds is told to those who wait for it. */
  async #finish(connection: DatabaseConnection): Promise<void> {
    const group = this.#group
    if (!group) return
    this.#group = null
    try {
      await connection.executeQuery(CompiledQuery.raw('commit'))
      group.written.resolve()
    } catch (error) {
      group.written.reject(error)
      if (this.#database.isTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'))
    }
  }

  /** A full disk ends a transaction by itself, and with it all that was to be written together. */
  #lose(error: unknown): void {
    if (this.#database.isTransaction) return
    this.#group?.written.reject(error)
    this.#group = null
  }
}

interface Hooks {
  before(): Promise<void>
  failed(error: unknown): void
}

/** The connection, for one who has it. */
class Turn implements DatabaseConnection {
  readonly connection: DatabaseConnection
  /** What this transaction is written with; null for one that only reads, and for none. */
  group: Group | null = null
  /** Whether somebody else may have the connection by now. */
  passed = false
  readonly #hooks: Hooks

  constructor(connection: DatabaseConnection, hooks: Hooks) {
    this.connection = connection
    this.#hooks = hooks
  }

  async run(sql: string): Promise<void> {
    await this.executeQuery(CompiledQuery.raw(sql))
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    // Nobody but a writer of the same group sees what may yet fail to be written.
    if (!this.group) await this.#hooks.before()
    try {
      return await this.connection.executeQuery<R>(query)
    } catch (error) {
      this.#hooks.failed(error)
      throw error
    }
  }

  async *streamQuery<R>(query: CompiledQuery, chunkSize?: number): AsyncIterableIterator<QueryResult<R>> {
    if (!this.group) await this.#hooks.before()
    yield* this.connection.streamQuery<R>(query, chunkSize)
  }
}

interface Group {
  size: number
  readonly written: PromiseWithResolvers<void>
}

function newGroup(): Group {
  const written = Promise.withResolvers<void>()
  // All of its transactions may have been undone, and then nobody asks.
  written.promise.catch(() => {})
  return { size: 0, written }
}

/**
 * SQLite's own waiting would stop this process, and is so unfair that a process which writes much keeps the others out.
 * Between two groups of its transactions this one lets others in, and the rest of itself.
 */
async function beginWriting(connection: DatabaseConnection): Promise<void> {
  const run = (sql: string) => connection.executeQuery(CompiledQuery.raw(sql))
  const deadline = performance.now() + WRITE_TIMEOUT
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
