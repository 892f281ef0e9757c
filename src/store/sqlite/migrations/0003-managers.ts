/** Several managers on one database: who prepares what, and whose turn it is to work on the containers. */
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // null: prepared by a manager that knew of no others.
  await db.schema.alterTable('reservations').addColumn('preparer', 'text').execute()
  await db.schema
    .createTable('leaders')
    .addColumn('work', 'text', (c) => c.primaryKey())
    .addColumn('manager', 'text', (c) => c.notNull())
    .addColumn('until', 'bigint', (c) => c.notNull())
    .execute()
}
