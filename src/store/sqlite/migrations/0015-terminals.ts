/** Adds the terminals, so that the next manager finds the shells that survive a restart. */
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('terminals')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('reservation', 'text', (column) => column.notNull())
    .addColumn('container', 'text', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('persistent', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .addColumn('viewed_at', 'integer', (column) => column.notNull())
    .execute()
  // Deleting a reservation looks for its terminals.
  await db.schema.createIndex('terminals_of_reservation').on('terminals').column('reservation').execute()
}
