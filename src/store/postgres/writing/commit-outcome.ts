/** Determines whether a COMMIT took effect when its answer was lost. */
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { reasonOf } from '../../../domain/errors.ts'
import { limits } from '../connections.ts'
import { unavailable } from '../errors.ts'
import { SYNCHRONOUS, WRITE_LOCK } from './write-lock.ts'

const UNKNOWN = 'no server answered whether the transaction was committed'

/** Pause between two attempts to connect to a server that restarts. */
const ATTEMPT_INTERVAL_MS = 200

/**
 * Returns whether the group with this token was committed. The lock is free once the lost transaction has ended, either
 * way. The row with the token is read instead of `pg_xact_status`, because after a crash or a failover the server may
 * use the number of a transaction again. Throws `database_unavailable` if no server answers: it remains unknown.
 *
 * With synchronous replication, a server that has crashed shows transactions that no replica has yet. So this
 * transaction also writes: its own COMMIT waits for the replica, which then has all earlier transactions.
 */
export async function readCommit(pool: pg.Pool, token: string, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + 3 * timeoutMs
  for (;;) {
    try {
      return await readOnce(pool, token, timeoutMs)
    } catch (error) {
      if (performance.now() > deadline) throw unavailable(error, `${UNKNOWN}: ${reasonOf(error)}`)
    }
    await sleep(ATTEMPT_INTERVAL_MS)
  }
}

async function readOnce(pool: pg.Pool, token: string, timeoutMs: number): Promise<boolean> {
  const client = await pool.connect()
  let failed = true
  try {
    // READ COMMITTED: the lost transaction may be committed while this one waits for the lock.
    const begin = `begin isolation level read committed read write; ${limits(timeoutMs)}`
    await client.query(`${begin}; select pg_advisory_xact_lock(${WRITE_LOCK}); ${SYNCHRONOUS}`)
    const { rows } = await client.query("select 1 from changes where kind = 'commit' and key = $1", [token])
    if (rows.length > 0) await client.query("insert into changes (kind, key) values ('commit', $1)", [`${token} seen`])
    await client.query('commit')
    failed = false
    return rows.length > 0
  } finally {
    client.release(failed)
  }
}
