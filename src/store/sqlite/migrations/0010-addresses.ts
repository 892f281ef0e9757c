/**
 * Where a container is reached, and on which machine of the engine it runs. Null: as before, on the one machine at
 * `ssh.host`.
 */
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('containers').addColumn('host', 'text').execute()
  await db.schema.alterTable('containers').addColumn('node', 'text').execute()
}
