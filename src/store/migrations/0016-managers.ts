/**
 * Adds the columns that managers renew, so that other managers notice when one dies. Null in rows of earlier versions,
 * whose managers renew nothing.
 */
import type { Kysely } from 'kysely'
import { textColumn } from '../text-column.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('managers').addColumn('version', textColumn(db)).execute()
  for (const column of ['started_at', 'seen_at', 'until', 'clock_offset']) {
    await db.schema.alterTable('managers').addColumn(column, 'bigint').execute()
  }
}
