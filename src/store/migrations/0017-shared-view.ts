/** Adds what managers share besides reservations: tickets of terminals, where shells are, counts of requests. */
import { type Kysely, PostgresAdapter, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter
  const text = isPostgres ? sql`text collate "C"` : sql`text`
  const time = isPostgres ? sql`bigint` : sql`integer`
  await db.schema
    .createTable('tickets')
    .addColumn('hash', text, (column) => column.primaryKey().notNull())
    .addColumn('terminal', text, (column) => column.notNull())
    .addColumn('by', text, (column) => column.notNull())
    .addColumn('credential', text, (column) => column.notNull())
    .addColumn('until', time, (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('request_counts')
    .addColumn('key', text, (column) => column.primaryKey().notNull())
    .addColumn('began', time, (column) => column.notNull())
    .addColumn('count', 'integer', (column) => column.notNull())
    .execute()
  // Written each second, and worth nothing after a minute.
  if (isPostgres) await sql`alter table request_counts set unlogged`.execute(db)
  await db.schema.alterTable('terminals').addColumn('manager', text).execute()
}
