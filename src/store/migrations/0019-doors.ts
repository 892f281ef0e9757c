/** Adds the gateways, and up to which change each manager has closed the connections that are over. */
import type { Kysely } from 'kysely'
import { textColumn } from '../text-column.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  const text = textColumn(db)
  await db.schema
    .createTable('gateways')
    .addColumn('name', text, (column) => column.primaryKey().notNull())
    .addColumn('address', text, (column) => column.notNull())
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addColumn('until', 'bigint', (column) => column.notNull())
    .addColumn('applied_change', 'bigint')
    .execute()
  await db.schema.alterTable('managers').addColumn('applied_change', 'bigint').execute()
}
