/** PostgreSQL through node-postgres, for kysely. */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  HandleEmptyInListsPlugin,
  Kysely,
  PostgresDialect,
  type QueryResult,
  replaceWithNoncontingentExpression,
  type TransactionSettings,
} from 'kysely'
import type pg from 'pg'
import type { Tables } from '../sql/schema/tables.ts'
import { openPools } from './connections.ts'
import { isStalePlan, translate } from './errors.ts'
import { GroupCommit } from './writing/group-commit.ts'
import { beginReading, type RunningTransaction } from './reading.ts'
import type { PostgresAddress } from './address.ts'
import { Statements } from './statements.ts'

/** Connects when the first statement is run. */
export function connectPostgres(server: PostgresAddress): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: new Dialect(server),
    // `in ()` is a syntax error in PostgreSQL; in SQLite it is false.
    plugins: [new HandleEmptyInListsPlugin({ strategy: replaceWithNoncontingentExpression })],
  })
}

class Dialect extends PostgresDialect {
  readonly #server: PostgresAddress

  constructor(server: PostgresAddress) {
    super({ pool: async () => Promise.reject(new Error('unused')) })
    this.#server = server
  }

  override createDriver(): Driver {
    return new PostgresDriver(this.#server)
  }
}

/** Runs writing transactions on one connection, and reads on several others. */
class PostgresDriver implements Driver {
  readonly #readers: pg.Pool
  readonly #writer: pg.Pool
  readonly #statements: Statements
  readonly #group: GroupCommit
  readonly #timeoutMs: number

  constructor(server: PostgresAddress) {
    const pools = openPools(server)
    this.#readers = pools.readers
    this.#writer = pools.writer
    this.#timeoutMs = server.timeoutMs
    // A pooler may run each transaction on another connection, on which the statement is not prepared.
    this.#statements = new Statements(server.listen === null)
    this.#group = new GroupCommit(pools, this.#statements, server.timeoutMs)
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new Session(this.#readers, this.#statements)
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const session = connection as Session
    session.transaction = await translating(() =>
      settings.accessMode === 'read only'
        ? beginReading(this.#readers, this.#statements, this.#timeoutMs)
        : this.#group.begin(),
    )
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await translating(async () => (connection as Session).transaction?.commit())
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await translating(async () => (connection as Session).transaction?.rollback())
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    await translating(async () => (connection as Session).transaction?.release())
  }

  async destroy(): Promise<void> {
    await Promise.all([this.#readers.end(), this.#writer.end()])
  }
}

/** A connection of kysely's: runs single statements, or those of the transaction that was begun on it. */
class Session implements DatabaseConnection {
  readonly #pool: pg.Pool
  readonly #statements: Statements
  transaction: RunningTransaction | null = null

  constructor(pool: pg.Pool, statements: Statements) {
    this.#pool = pool
    this.#statements = statements
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const result = await translating(() => this.#run(query))
    if (result === null) return { rows: [] }
    const { command, rowCount, rows } = result
    const changes = command === 'INSERT' || command === 'UPDATE' || command === 'DELETE'
    return { rows: rows as R[], ...(changes && { numAffectedRows: BigInt(rowCount ?? 0) }) }
  }

  /** A transaction whose statement has a stale plan is run again as a whole. */
  async #run(query: CompiledQuery): Promise<pg.QueryResult | null> {
    const { transaction } = this
    const run = async () => transaction?.query(query) ?? this.#pool.query(this.#statements.configOf(query))
    try {
      return await run()
    } catch (error) {
      if (!isStalePlan(error)) throw error
      this.#statements.renew()
      if (transaction) throw error
      return await run()
    }
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('the store does not stream rows')
  }
}

async function translating<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw translate(error)
  }
}
