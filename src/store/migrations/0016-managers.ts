/**
 * Managers renew their rows, so that the others notice when one dies. Rows of earlier versions, whose managers renew
 * nothing, have nulls.
 */
import type { Kysely } from 'kysely'
import { textColumn } from '../text-column.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('managers').addColumn('version', textColumn(db)).execute()
  for (const column of ['started_at', 'seen_at', 'until', 'clock_offset']) {
    await db.schema.alterTable('managers').addColumn(column, 'bigint').execute()
  }
}
