/**
 * Names of reservations, when a reservation was put on hold, and when a tenant asked for a fresh container. Null: not
 * named, never on hold, nothing asked for.
 */
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('reservations').addColumn('name', 'text').execute()
  await db.schema.alterTable('reservations').addColumn('held_at', 'integer').execute()
  await db.schema.alterTable('containers').addColumn('reset_at', 'integer').execute()
}
