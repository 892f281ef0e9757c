/** Adds what managers share besides reservations: tickets of terminals, the managers of shells, counts of requests. */
import { type Kysely, PostgresAdapter, sql } from 'kysely'
import { textColumn } from '../text-column.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter
  const text = textColumn(db)
  await db.schema
    .createTable('tickets')
    .addColumn('hash', text, (column) => column.primaryKey().notNull())
    .addColumn('terminal', text, (column) => column.notNull())
    .addColumn('by', text, (column) => column.notNull())
    .addColumn('credential', text, (column) => column.notNull())
    .addColumn('until', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('request_counts')
    .addColumn('key', text, (column) => column.primaryKey().notNull())
    .addColumn('began', 'bigint', (column) => column.notNull())
    .addColumn('count', 'integer', (column) => column.notNull())
    .execute()
  // Written each second, and not needed after a minute.
  if (isPostgres) await sql`alter table request_counts set unlogged`.execute(db)
  await db.schema.alterTable('terminals').addColumn('manager', text).execute()
}
