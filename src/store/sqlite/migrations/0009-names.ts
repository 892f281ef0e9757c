/** Columns by the names of the fields that they hold, so that a row is read without a list of both. */
import type { Kysely } from 'kysely'

const RENAMED = [
  ['reservations', 'turn', 'position'],
  ['reservations', 'told_end', 'notified_end'],
  ['reservations', 'told_left', 'notified_left'],
  ['holds', 'opened', 'account_generation'],
  // 1 until access to the container was revoked, then null.
  ['holds', 'open', 'current'],
] as const

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const [table, from, to] of RENAMED) await db.schema.alterTable(table).renameColumn(from, to).execute()
}
