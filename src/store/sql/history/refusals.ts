/** Refused reserves by minute, pool and code. */
import { sql } from 'kysely'
import type { HistoryStore } from '../../../ports/store/history.ts'
import type { Transactions } from '../transactions.ts'

type RefusalVerbs = Pick<HistoryStore, 'addRefusals' | 'refusals'>

export function refusalVerbs({ reading, writing }: Transactions): RefusalVerbs {
  return {
    addRefusals: async (counts) => {
      if (counts.length === 0) return
      await writing(async (tx) => {
        for (const count of counts) {
          await tx
            .insertInto('refusals')
            .values(count)
            .onConflict((oc) =>
              oc.columns(['at', 'pool', 'code']).doUpdateSet((eb) => ({
                count: eb('refusals.count', '+', eb.ref('excluded.count')),
              })),
            )
            .execute()
        }
      })
    },

    refusals: ({ from, to, stepMs }, pool) =>
      reading(async (tx) => {
        let query = tx
          .selectFrom('refusals')
          .select((eb) => [
            // SQLite binds numbers as floating-point, so that it does not divide integers as PostgreSQL does.
            sql<number>`cast((at - ${from}) / ${stepMs} as integer)`.as('step'),
            'code',
            eb.fn.sum<number>('count').as('count'),
          ])
          .where('at', '>=', from)
          .where('at', '<', to)
          .groupBy(['step', 'code'])
          .orderBy('step')
          .orderBy('code')
        if (pool !== null) query = query.where('pool', '=', pool)
        return (await query.execute()).map(({ step, code, count }) => ({ step, code, count }))
      }),
  }
}
