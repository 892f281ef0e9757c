/** Distinguishes a PostgreSQL database from other databases, and from copies of it. */
import pg from 'pg'
import type { DatabaseMark } from '../../domain/database-mark.ts'
import type { PostgresAddress } from './address.ts'
import { clientConfig } from './connections.ts'
import { translate } from './errors.ts'

/**
 * Returns the mark of this database. A restored dump is another database, because its number or its server differs. A
 * standby that was promoted is the same database. So is a clone of the data directory, which must not be served too.
 */
export async function markOfPostgres(address: PostgresAddress, id: string, now: number): Promise<DatabaseMark> {
  const client = new pg.Client(clientConfig(address))
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ system: string; oid: string }>(
      `select (select system_identifier from pg_control_system())::text as system, oid::text
       from pg_database where datname = current_database()`,
    )
    const { system, oid } = rows[0] ?? {}
    const { host, port, database } = address
    // Never the origin of a file, HOST:FILE: no host name contains a space.
    return { id, origin: `PostgreSQL ${host}:${port}/${database}`, file: `postgres:${system}:${oid}`, since: now }
  } catch (error) {
    throw translate(error)
  } finally {
    await client.end().catch(() => {})
  }
}
