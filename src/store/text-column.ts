/** The type of text in migrations for every kind of database. */
import { type ColumnDataType, type Kysely, PostgresAdapter, type RawBuilder, sql } from 'kysely'

/** Text is compared by bytes: SQLite does that by itself, PostgreSQL by the collation of the column. */
export function textColumn(db: Kysely<unknown>): ColumnDataType | RawBuilder<unknown> {
  return db.getExecutor().adapter instanceof PostgresAdapter ? sql`text collate "C"` : 'text'
}
