/**
 * Transactions of SQLite that share a COMMIT. A COMMIT waits for the disk, which takes longer than most transactions
 * do. A transaction that is requested while another one is under way becomes a savepoint behind it, and transactions
 * that follow one another in this way are written together. None is answered before the COMMIT, and when it fails, all
 * of them fail.
 */
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as endOfTurn, setTimeout as sleep } from 'node:timers/promises'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
  type SqliteDialectConfig,
  SqliteDriver,
  type TransactionSettings,
} from 'kysely'
import { isBusy } from './errors.ts'

/** Maximum time that SQLite itself waits for another process; it blocks this process for as long. */
export const BUSY_TIMEOUT_MS = 5_000
/** Maximum time that a writer waits for writers of other processes: hundreds of them may be before it. */
const WRITE_TIMEOUT_MS = 30_000
/** Average pause between two attempts. Random, because with equal pauses the same process is always late. */
const ATTEMPT_INTERVAL_MS = 4
/** Maximum number of transactions per COMMIT: other processes, and the rest of this one, wait for all of them. */
const MAX_TRANSACTIONS = 16

/** Writers queue at BEGIN instead of failing at their first write. Readers wait for no other process. */
export class GroupCommit implements Driver {
  readonly #driver: SqliteDriver
  readonly #database: DatabaseSync
  readonly #assertInPlace: () => void
  /** The transactions that have begun and wait for their COMMIT. */
  #group: Group | null = null
  /** Number of callers that wait for the only connection. */
  #waiting = 0

  /** `assertInPlace` throws if what is written would be lost; called before each COMMIT's transactions. */
  constructor(config: SqliteDialectConfig, database: DatabaseSync, assertInPlace: () => void) {
    this.#driver = new SqliteDriver(config)
    this.#database = database
    this.#assertInPlace = assertInPlace
  }

  init(): Promise<void> {
    return this.#driver.init()
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    this.#waiting += 1
    try {
      const connection = await this.#driver.acquireConnection()
      return new Session(connection, { before: () => this.#finish(connection), failed: (error) => this.#lose(error) })
    } finally {
      this.#waiting -= 1
    }
  }

  async beginTransaction(connection: DatabaseConnection, settings?: TransactionSettings): Promise<void> {
    const session = connection as Session
    if (settings?.accessMode === 'read only') {
      await session.run('begin deferred')
      return
    }
    if (!this.#group) {
      this.#assertInPlace()
      await beginWriting(session.connection)
      this.#group = newGroup()
    }
    session.group = this.#group
    await session.run('savepoint one')
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    const session = connection as Session
    const { group } = session
    if (!group) return session.run('commit')
    await session.run('release one')
    await this.#pass(session)
    await group.written.promise
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const session = connection as Session
    // When the COMMIT has failed, or the disk is full, there is nothing left to undo.
    if (session.passed || !this.#database.isTransaction) return
    if (!session.group) return session.run('rollback')
    await session.run('rollback to one')
    await session.run('release one')
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    await this.#pass(connection as Session)
  }

  destroy(): Promise<void> {
    return this.#driver.destroy()
  }

  /** Leaves the connection to the next caller. */
  async #pass(session: Session): Promise<void> {
    if (session.passed) return
    session.passed = true
    const { connection, group } = session
    try {
      if (group) group.size += 1
      if (this.#waiting === 0 || (group?.size ?? 0) >= MAX_TRANSACTIONS) await this.#finish(connection)
    } finally {
      await this.#driver.releaseConnection()
    }
  }

  /** Commits the group, if there is one, and answers its transactions. */
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

  /** A full disk ends SQLite's transaction, and with it the whole group. */
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

/** The connection, while one caller has it. */
class Session implements DatabaseConnection {
  readonly connection: DatabaseConnection
  /** The group of this transaction; null for one that only reads, and without a transaction. */
  group: Group | null = null
  /** Whether another caller may have the connection by now. */
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
    // Only writers of the same group see what may still fail to be written.
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
  // When all of its transactions were rolled back, none waits for this promise.
  written.promise.catch(() => {})
  return { size: 0, written }
}

/** Returns the pause before the next attempt to take a lock that another process has, in milliseconds. */
export function randomPauseMs(): number {
  return Math.ceil(2 * ATTEMPT_INTERVAL_MS * Math.random())
}

/**
 * Begins a write transaction by polling. SQLite's own busy wait would block the event loop, and it starves other
 * processes while one writes much. The pause between two groups gives other processes, and this event loop, a turn.
 */
async function beginWriting(connection: DatabaseConnection): Promise<void> {
  const run = (sql: string) => connection.executeQuery(CompiledQuery.raw(sql))
  const deadline = performance.now() + WRITE_TIMEOUT_MS
  for (let pause = 0; ; pause = randomPauseMs()) {
    await (pause === 0 ? endOfTurn() : sleep(pause))
    await run('pragma busy_timeout = 0')
    try {
      await run('begin immediate')
      return
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error
    } finally {
      await run(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`)
    }
  }
}
