/** Tells one PostgreSQL database from another one, and from a copy of it. */
import pg from 'pg'
import type { DatabaseMark } from '../../domain/database-mark.ts'
import type { PostgresAddress } from './address.ts'
import { clientConfig } from './connections.ts'
import { translate } from './errors.ts'

/**
 * Returns the mark of this database. A restored dump is another database, with another number or on another server. A
 * standby that takes over is the same one; so is a clone of the data directory, which must not be served as well.
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
    // With a space, it is the origin of no file of any host.
    return { id, origin: `PostgreSQL ${host}:${port}/${database}`, file: `postgres:${system}:${oid}`, since: now }
  } catch (error) {
    throw translate(error)
  } finally {
    await client.end().catch(() => {})
  }
}
