/**
 * Transactions of PostgreSQL that share the write lock and a COMMIT, which takes longer than most transactions do. A
 * transaction that is requested while another one is under way becomes a savepoint behind it. None is answered before
 * the COMMIT, and when it fails, all of them fail. `../../sqlite/group-commit.ts` does the same with SQLite's lock.
 *
 * Other managers wait for the lock, so a transaction waits for as few answers of the server as possible: a statement
 * without a result is sent together with the next one.
 */
import { randomUUID } from 'node:crypto'
import type { CompiledQuery } from 'kysely'
import pg from 'pg'
import { readCommit } from './commit-outcome.ts'
import { limits } from '../connections.ts'
import { isConnectionLost, READ_ONLY, translate, unavailable } from '../errors.ts'
import type { RunningTransaction } from '../reading.ts'
import type { Statements } from '../statements.ts'
import { LOCK_NOT_AVAILABLE, lockedError } from './lock-holder.ts'
import { hasResult, Sent } from './sent.ts'
import { Turns } from './turns.ts'
import { CHANNEL, SYNCHRONOUS, WRITE_LOCK } from './write-lock.ts'

/** Maximum number of transactions per COMMIT: other managers, and the rest of this one, wait for all of them. */
const MAX_TRANSACTIONS = 16

/**
 * Maximum time after which a group begins no further transaction. Each of them is fast, but on an overloaded machine 16
 * together took longer than other managers wait for the lock.
 */
const MAX_GROUP_MS = 500

export class GroupCommit {
  readonly #pool: pg.Pool
  readonly #readers: pg.Pool
  readonly #statements: Statements
  readonly #timeoutMs: number
  readonly #turns = new Turns()
  /** The transactions that have begun and wait for their COMMIT. */
  #group: Group | null = null

  /** `writer` has one connection. `readers` determine what it waits for. */
  constructor({ writer, readers }: Pools, statements: Statements, timeoutMs: number) {
    this.#pool = writer
    this.#readers = readers
    this.#statements = statements
    this.#timeoutMs = timeoutMs
  }

  /** Waits for the turn of this transaction, and begins it. */
  async begin(): Promise<RunningTransaction> {
    await this.#turns.take()
    try {
      const sent = new Sent()
      if (this.#group) sent.add(this.#separate(this.#group))
      else this.#group = await this.#open()
      return this.#transactionOf(this.#group, sent)
    } catch (error) {
      this.#turns.pass()
      throw translate(error)
    }
  }

  #transactionOf(group: Group, sent: Sent): RunningTransaction {
    let passed = false
    const pass = async () => {
      if (passed) return
      passed = true
      group.size += 1
      try {
        if (this.#turns.waiting === 0 || isFull(group)) await this.#finish(group)
      } finally {
        this.#turns.pass()
      }
    }
    return {
      query: async (query) => {
        const result = this.#run(group, query)
        if (hasResult(query)) return sent.before(result)
        sent.add(result)
        return null
      },
      commit: async () => {
        // The statements of the next transaction must follow those of this one.
        await sent.all()
        await pass()
        await group.written.promise
      },
      rollback: async () => {
        // When the COMMIT or the connection has failed, there is nothing left to undo.
        if (!passed && this.#group === group) await this.#run(group, 'rollback to one')
      },
      release: pass,
    }
  }

  async #open(): Promise<Group> {
    const client = await this.#pool.connect()
    try {
      await client.query(beginWriting(this.#timeoutMs))
      return newGroup(client)
    } catch (error) {
      // Closed even after an answer of the server: a new connection may lead to another server at the same address.
      client.release(true)
      if (isLocked(error)) throw await lockedError(error, this.#readers, 'write lock')
      if (isStandby(error)) throw unavailable(error, READ_ONLY)
      const translated = translate(error)
      throw translated === error ? unavailable(error) : translated
    }
  }

  async #run(group: Group, query: CompiledQuery | string): Promise<pg.QueryResult> {
    if (group.lost !== null) throw group.lost
    try {
      if (typeof query === 'string') return await group.client.query(query)
      return await group.client.query(this.#statements.configOf(query))
    } catch (error) {
      if (isConnectionLost(error)) this.#lose(group, error)
      throw isLocked(error) ? await lockedError(error, this.#readers, 'rows') : error
    }
  }

  /** Begins another transaction of the group. If that fails, a rollback would undo the transaction before it. */
  async #separate(group: Group): Promise<void> {
    try {
      await this.#run(group, 'release one; savepoint one')
    } catch (error) {
      this.#lose(group, error)
      throw error
    }
  }

  /** Fails the group. The server has rolled back all of it, or will when it notices that the connection is lost. */
  #lose(group: Group, error: unknown): void {
    // Each of several statements that were under way calls this.
    if (group.lost !== null) return
    group.lost = error
    group.client.release(true)
    group.written.reject(translate(error))
    if (this.#group === group) this.#group = null
  }

  /** Commits the group and answers its transactions. */
  async #finish(group: Group): Promise<void> {
    if (this.#group !== group) return
    this.#group = null
    const { client, token, written } = group
    try {
      const results = (await client.query(commitWriting(token))) as unknown as readonly pg.QueryResult[]
      // A transaction that had failed is rolled back by COMMIT, without an error.
      if (results.at(-1)?.command !== 'COMMIT') throw new Error('the transaction was rolled back')
      client.release()
      written.resolve()
    } catch (error) {
      client.release(true)
      await this.#settle(group, error)
    }
  }

  /** Answers a group whose COMMIT has failed, or whose answer was lost. */
  async #settle({ token, written }: Group, error: unknown): Promise<void> {
    try {
      if (isConnectionLost(error) && (await readCommit(this.#pool, token, this.#timeoutMs))) written.resolve()
      else written.reject(translate(error))
    } catch (unknown) {
      written.reject(unknown)
    }
  }
}

interface Pools {
  readonly writer: pg.Pool
  readonly readers: pg.Pool
}

interface Group {
  readonly client: pg.PoolClient
  /** Recorded with the group, to determine whether it was committed when the answer to COMMIT is lost. */
  readonly token: string
  size: number
  /** When it got the lock, on the monotonic clock. */
  readonly begun: number
  readonly written: PromiseWithResolvers<void>
  /** Error with which its connection was lost; null while it works. */
  lost: unknown
}

function isFull({ size, begun }: Group): boolean {
  return size >= MAX_TRANSACTIONS || performance.now() - begun >= MAX_GROUP_MS
}

function isLocked(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === LOCK_NOT_AVAILABLE
}

/** "cannot set transaction read-write mode during recovery" */
function isStandby(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '0A000'
}

function newGroup(client: pg.PoolClient): Group {
  const written = Promise.withResolvers<void>()
  // If all of its transactions were rolled back, none of them waits for this promise.
  written.promise.catch(() => {})
  return { client, token: randomUUID(), size: 0, begun: performance.now(), written, lost: null }
}

/**
 * READ COMMITTED, so that the first query after the lock sees what its last holder has committed. In one message, which
 * is one round trip.
 */
function beginWriting(timeoutMs: number): string {
  return [
    'begin isolation level read committed read write',
    // Longer than that of `limits`, which follows: only the time in the queue of writers counts here.
    `set local lock_timeout = ${timeoutMs}`,
    `select pg_advisory_xact_lock(${WRITE_LOCK})`,
    limits(timeoutMs),
    SYNCHRONOUS,
    'savepoint one',
  ].join('; ')
}

function commitWriting(token: string): string {
  return `insert into changes (kind, key) values ('commit', '${token}'); notify ${CHANNEL}; commit`
}
