/** Read-only transactions of PostgreSQL. They do not wait for writers, and see the database as of one moment. */
import type { CompiledQuery } from 'kysely'
import type pg from 'pg'
import { limits } from './connections.ts'
import { isConnectionLost, isStalePlan } from './errors.ts'
import type { Statements } from './statements.ts'

/** A transaction that has begun. */
export interface RunningTransaction {
  /** Returns null for a statement without a result; the next statement or `commit` throws its error. */
  query(query: CompiledQuery): Promise<pg.QueryResult | null>
  commit(): Promise<void>
  rollback(): Promise<void>
  /** Called last, also after an error. */
  release(): Promise<void>
}

/** Begins a read-only transaction with the limits of the store. */
export async function beginReading(
  pool: pg.Pool,
  statements: Statements,
  timeoutMs: number,
): Promise<RunningTransaction> {
  const client = await pool.connect()
  let isLost = false

  async function run(query: string | pg.QueryConfig): Promise<pg.QueryResult> {
    try {
      return await client.query(query)
    } catch (error) {
      isLost ||= isConnectionLost(error) || isStalePlan(error)
      throw error
    }
  }

  try {
    await run(`begin isolation level repeatable read read only; ${limits(timeoutMs)}`)
  } catch (error) {
    client.release(true)
    throw error
  }
  return {
    query: (query) => run(statements.configOf(query)),
    commit: async () => void (await run('commit')),
    rollback: async () => {
      if (!isLost) await run('rollback')
    },
    release: async () => client.release(isLost),
  }
}
