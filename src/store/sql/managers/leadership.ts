/** Which of several managers works on the containers. */
import type { Kysely } from 'kysely'
import type { Store } from '../../../ports/store.ts'
import { type MigrationTable, POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS } from '../../migrate.ts'
import { changedOne, retireWhere } from '../queries.ts'
import type { Tables } from '../schema/tables.ts'
import type { Manager } from './managers.ts'
import type { Transactions } from '../transactions.ts'

const WORK = 'containers'
const TAKEN_OVER = 'the manager that was creating it does not answer'

type LeadershipVerbs = Pick<Store, 'leaderTerm' | 'acquireLeadership' | 'releaseLeadership'>

export function leadershipVerbs(db: Kysely<Tables>, { writing }: Transactions, { name }: Manager): LeadershipVerbs {
  const known = Object.keys({ ...SQLITE_MIGRATIONS, ...POSTGRES_MIGRATIONS })
  return {
    // A single statement: each manager runs it every second. One row for each newer migration, or one without.
    async leaderTerm() {
      const rows = await db
        .withTables<MigrationTable>()
        .selectFrom('leaders')
        .leftJoin('kysely_migration', (join) => join.on('kysely_migration.name', 'not in', known))
        .select(['leaders.manager', 'leaders.term', 'leaders.renewals', 'kysely_migration.name as newer'])
        .where('leaders.work', '=', WORK)
        .orderBy('kysely_migration.name')
        .execute()
      const [row] = rows
      if (row === undefined) throw new Error(`the table leaders has no row "${WORK}"`)
      const leader = row.manager === null ? 'none' : row.manager === name ? 'own' : 'other'
      const newerMigrations = rows.flatMap(({ newer }) => newer ?? [])
      return { leader, term: row.term, renewals: row.renewals, newerMigrations }
    },

    acquireLeadership: ({ leader, term, renewals }, now) =>
      writing(async (tx) => {
        const acquired = await changedOne(
          tx
            .updateTable('leaders')
            .set({ manager: name, term: leader === 'own' ? term : term + 1, renewals: renewals + 1 })
            .where('work', '=', WORK)
            .where('term', '=', term)
            .where('renewals', '=', renewals),
        )
        if (!acquired || leader !== 'other') return acquired
        // In the same transaction: the next leader must not find them half made either.
        await retireWhere(tx, (eb) => eb('state', '=', 'creating'), TAKEN_OVER, { at: now })
        return true
      }),

    releaseLeadership: () =>
      writing(async (tx) => {
        await tx
          .updateTable('leaders')
          .set({ manager: null })
          .where('work', '=', WORK)
          .where('manager', '=', name)
          .execute()
      }),
  }
}
