/**
 * Managers by a name of their own, and leadership without clocks: a term that is raised whenever another manager takes
 * over, and a number of renewals from which the other managers see that the leader lives.
 */
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('managers')
    .addColumn('name', 'text', (c) => c.primaryKey())
    // Where it serves. One process at a time has an address: the next manager there knows that the one before has died.
    .addColumn('address', 'text', (c) => c.notNull())
    .execute()
  await db.schema.dropTable('leaders').execute()
  await db.schema
    .createTable('leaders')
    .addColumn('work', 'text', (c) => c.primaryKey())
    // null: the last leader left, or died.
    .addColumn('manager', 'text')
    .addColumn('term', 'bigint', (c) => c.notNull())
    .addColumn('renewals', 'bigint', (c) => c.notNull())
    .execute()
  await db
    .withTables<{ leaders: { work: string; manager: string | null; term: number; renewals: number } }>()
    .insertInto('leaders')
    .values({ work: 'containers', manager: null, term: 0, renewals: 0 })
    .execute()
}
