/**
 * Adds names of reservations, the time at which a reservation was put on hold, and the time at which a reset was
 * requested. Null: no name, never on hold, no reset.
 */
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('reservations').addColumn('name', 'text').execute()
  await db.schema.alterTable('reservations').addColumn('held_at', 'integer').execute()
  await db.schema.alterTable('containers').addColumn('reset_at', 'integer').execute()
}
