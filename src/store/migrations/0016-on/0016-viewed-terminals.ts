/** Adds when a terminal was last viewed, so that the next manager closes those without viewers. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('terminals')
    .addColumn('viewed_at', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute()
  // Earlier versions did not record it. Their viewers reconnect before the terminals are closed.
  await sql`UPDATE terminals SET viewed_at = created_at`.execute(db)
}
