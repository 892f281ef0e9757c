/**
 * The record of changes from which snapshots are brought up to date: the key of each container, unended reservation and
 * pool size that a statement changed. Triggers write it, so it also covers what is edited by hand.
 */
import { type Kysely, sql } from 'kysely'
import { RECORDED } from '../../sql/schema/recorded.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  // Autoincrement: a revision is never given twice, even when older ones were pruned.
  await db.schema
    .createTable('changes')
    .addColumn('revision', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .execute()
  for (const [table, keyOf] of Object.entries(RECORDED)) {
    const keys = {
      insert: keyOf('new'),
      update: `${keyOf('old')} union ${keyOf('new')}`,
      delete: keyOf('old'),
    }
    for (const [event, key] of Object.entries(keys)) {
      await sql`
        create trigger ${sql.ref(`${table}_${event}`)} after ${sql.raw(event)} on ${sql.table(table)} begin
          insert into changes (kind, key) ${sql.raw(key)};
        end`.execute(db)
    }
  }
}
