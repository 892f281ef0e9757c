/** Which of several managers works on the containers. */
import type { Store } from '../../../ports/store.ts'
import { changedOne, retireWhere } from '../queries.ts'
import type { Manager } from './managers.ts'
import type { Transactions } from '../transactions.ts'

const WORK = 'containers'
const TAKEN_OVER = 'the manager that was creating it does not answer'

type LeadershipVerbs = Pick<Store, 'leaderTerm' | 'acquireLeadership' | 'releaseLeadership'>

export function leadershipVerbs({ reading, writing }: Transactions, { name }: Manager): LeadershipVerbs {
  return {
    leaderTerm: () =>
      reading(async (tx) => {
        const row = await tx.selectFrom('leaders').selectAll().where('work', '=', WORK).executeTakeFirstOrThrow()
        const leader = row.manager === null ? 'none' : row.manager === name ? 'own' : 'other'
        return { leader, term: row.term, renewals: row.renewals }
      }),

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
