/** The type of text in migrations for every kind of database. */
import { type ColumnDataType, type Kysely, PostgresAdapter, type RawBuilder, sql } from 'kysely'

/** Returns the type of text that is compared by bytes. PostgreSQL otherwise compares by the database's collation. */
export function textColumn(db: Kysely<unknown>): ColumnDataType | RawBuilder<unknown> {
  return db.getExecutor().adapter instanceof PostgresAdapter ? sql`text collate "C"` : 'text'
}
