/** Which of several managers works on the containers. */
import type { Store } from '../core/store.ts'
import type { Transactions, Tx } from './transactions.ts'

const WORK = 'containers'

export function leadingVerbs({ reading, writing }: Transactions, manager: string): Pick<Store, 'lead' | 'resign'> {
  /** One that would last longer than any can is of a clock that was set back since. */
  async function isFree(tx: Tx, forMs: number, now: number): Promise<boolean> {
    const row = await tx.selectFrom('leaders').selectAll().where('work', '=', WORK).executeTakeFirst()
    return !row || row.manager === manager || row.until <= now || row.until > now + forMs
  }

  return {
    async lead(forMs, now) {
      // Managers that do not lead ask often, and need not keep anybody from writing.
      if (!(await reading((tx) => isFree(tx, forMs, now)))) return false
      return writing(async (tx) => {
        if (!(await isFree(tx, forMs, now))) return false
        const mine = { manager, until: now + forMs }
        await tx
          .insertInto('leaders')
          .values({ work: WORK, ...mine })
          .onConflict((oc) => oc.column('work').doUpdateSet(mine))
          .execute()
        return true
      })
    },

    resign: () =>
      writing(async (tx) => {
        await tx.deleteFrom('leaders').where('work', '=', WORK).where('manager', '=', manager).execute()
      }),
  }
}
