/** The whole SSH host key beside its fingerprint. Null: not surveyed since; the fingerprint still holds. */
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('containers').addColumn('host_public_key', 'text').execute()
}
