/** Adds the digest of the secret that managers share. Null until a manager records it, and always in a SQLite file. */
import type { Kysely } from 'kysely'
import { textColumn } from '../text-column.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('database_identity').addColumn('secret_check', textColumn(db)).execute()
}
