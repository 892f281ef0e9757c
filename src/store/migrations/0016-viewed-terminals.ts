/** Adds when a terminal was last viewed, so that the next manager closes those without viewers. */
import type { Kysely } from 'kysely'

export async function up(db: Kysely<{ terminals: { viewed_at: number } }>): Promise<void> {
  await db.schema
    .alterTable('terminals')
    .addColumn('viewed_at', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute()
  // Earlier versions did not record it.
  await db.updateTable('terminals').set({ viewed_at: Date.now() }).execute()
}
