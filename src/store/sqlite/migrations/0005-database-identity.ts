/**
 * The identity of this database, which its containers bear, and the ledger of lent containers that it last relied on.
 */
import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('database_identity')
    .addColumn('one', 'integer', (c) => c.primaryKey().check(sql`one = 1`))
    .addColumn('id', 'text', (c) => c.notNull())
    // null: no ledger was read yet.
    .addColumn('ledger', 'text')
    // Which ledger that is, for `just clean`.
    .addColumn('instance', 'text')
    .execute()
  await db
    .withTables<{ database_identity: { one: number; id: string } }>()
    .insertInto('database_identity')
    .values({ one: 1, id: randomUUID() })
    .execute()
}
