/** Connections to one PostgreSQL database. */
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import pg from 'pg'
import pgpass from 'pgpass'
import { reasonOf } from '../../domain/errors.ts'
import type { PostgresAddress } from './address.ts'
import { invalidDatabase } from './errors.ts'

/** Maximum number of connections for reads. Each connection is a process of the server. */
const MAX_READERS = 4

/** Name of the managers' connections in `pg_stat_activity`. */
export const APPLICATION_NAME = 'berth'

/** Object id of int8. The driver returns text for it, because it may exceed a safe integer; Berth's values do not. */
const INT8_OID = 20

/**
 * Time that the driver waits beyond the limit that the server enforces. The server's error says what took long; without
 * an answer by then, the network has failed.
 */
const NETWORK_GRACE_MS = 1_000

/** Returns pools that connect when needed, and close connections that have failed or were not used for a while. */
export function openPools(server: PostgresAddress): { readers: pg.Pool; writer: pg.Pool } {
  const config = clientConfig(server)
  return { readers: openPool({ ...config, max: MAX_READERS }), writer: openPool({ ...config, max: 1, pipeline: true }) }
}

function openPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(config)
  // Without listeners, a connection that the server closes would end the process. The pool replaces an idle connection;
  // on a used one the next statement fails.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/** Returns the driver's settings. `timeoutMs` also limits the wait for a connection of a pool. `invalid_config`. */
export function clientConfig(address: PostgresAddress): pg.ClientConfig {
  const { host, port, user, database, timeoutMs } = address
  return {
    ...{ host, port, user, database },
    password: () => readPassword(address),
    ssl: tlsOf(address),
    application_name: APPLICATION_NAME,
    keepAlive: true,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs + NETWORK_GRACE_MS,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === INT8_OID ? Number : (pg.types.getTypeParser as (oid: number, format?: string) => unknown)(oid, format),
    },
  }
}

/**
 * Returns statements that limit the time of one transaction. They are sent with `begin`, because a pooler in
 * transaction mode refuses or forgets the settings of connections.
 */
export function limits(timeoutMs: number): string {
  const all = {
    statement_timeout: timeoutMs,
    // Less than that of the statement, so that the error says what the statement waited for.
    lock_timeout: Math.ceil(timeoutMs * 0.9),
    idle_in_transaction_session_timeout: timeoutMs,
  }
  return Object.entries(all)
    .map(([name, ms]) => `set local ${name} = ${ms}`)
    .join('; ')
}

async function readPassword({ passwordFile, host, port, user, database }: PostgresAddress): Promise<string> {
  if (passwordFile !== null) return readSetting(passwordFile).trimEnd()
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  pgpass({ host, port, user, database }, resolve)
  return (await promise) ?? ''
}

function tlsOf({ sslMode, caFile }: PostgresAddress): false | ConnectionOptions {
  if (sslMode === 'disable') return false
  return {
    rejectUnauthorized: sslMode !== 'require',
    ...(caFile !== null && { ca: readSetting(caFile) }),
    ...(sslMode === 'verify-ca' && { checkServerIdentity: () => undefined }),
  }
}

function readSetting(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw invalidDatabase(reasonOf(error), 'see postgres.password_file and sslrootcert in berth.yml')
  }
}
