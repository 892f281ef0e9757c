/** Adds the table of refused reserves, which leave no event: one row for each minute, pool and code. */
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('refusals')
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('pool', 'text', (c) => c.notNull())
    .addColumn('code', 'text', (c) => c.notNull())
    .addColumn('count', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('refusals_pk', ['at', 'pool', 'code'])
    .execute()
}
