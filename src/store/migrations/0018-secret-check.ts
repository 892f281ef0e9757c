/** Tells the secret of a server's managers from another one. Null: no manager has recorded it; always so in a file. */
import type { Kysely } from 'kysely'
import { textColumn } from '../text-column.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('database_identity').addColumn('secret_check', textColumn(db)).execute()
}
