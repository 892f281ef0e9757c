/** Which of several managers works on the containers, and which managers there are. */
import type { Store } from '../../ports/store.ts'
import { changedOne } from './queries.ts'
import type { Transactions } from './transactions.ts'

const WORK = 'containers'

type LeadershipVerbs = Pick<Store, 'registerManager' | 'leaderTerm' | 'acquireLeadership' | 'releaseLeadership'>

/** A manager: its name is unique, its address belongs to one process at a time. */
export interface Manager {
  readonly name: string
  readonly address: string
}

export function leadershipVerbs({ reading, writing }: Transactions, manager: Manager): LeadershipVerbs {
  const { name, address } = manager

  return {
    registerManager: () =>
      writing(async (tx) => {
        await tx.deleteFrom('managers').where('address', '=', address).execute()
        await tx.insertInto('managers').values({ name, address }).execute()
        await tx
          .updateTable('reservations')
          .set({ prepare_by: 0 })
          .where('state', '=', 'preparing')
          .where((eb) =>
            eb.or([
              eb('preparer', 'is', null),
              eb('preparer', 'not in', eb.selectFrom('managers').select('managers.name')),
            ]),
          )
          .execute()
        await tx
          .updateTable('leaders')
          .set({ manager: null })
          .where('manager', 'not in', (eb) => eb.selectFrom('managers').select('managers.name'))
          .execute()
      }),

    leaderTerm: () =>
      reading(async (tx) => {
        const row = await tx.selectFrom('leaders').selectAll().where('work', '=', WORK).executeTakeFirstOrThrow()
        const leader = row.manager === null ? 'none' : row.manager === name ? 'own' : 'other'
        return { leader, term: row.term, renewals: row.renewals }
      }),

    acquireLeadership: ({ leader, term, renewals }) =>
      writing((tx) =>
        changedOne(
          tx
            .updateTable('leaders')
            .set({ manager: name, term: leader === 'own' ? term : term + 1, renewals: renewals + 1 })
            .where('work', '=', WORK)
            .where('term', '=', term)
            .where('renewals', '=', renewals),
        ),
      ),

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
