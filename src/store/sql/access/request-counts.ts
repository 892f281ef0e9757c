/** Requests that the managers count together. */
import type { Kysely } from 'kysely'
import type { RequestCount, RequestCountStore } from '../../../ports/store/request-counts.ts'
import type { Tables } from '../schema/tables.ts'

/**
 * Single statements instead of a transaction: they need no lock of writers, make no manager look for changes, and
 * managers that count the same clients cannot deadlock.
 */
export function requestCountVerbs(db: Kysely<Tables>): RequestCountStore {
  return {
    async addRequestCounts(counts, windowMs) {
      const sums: RequestCount[] = []
      for (const count of counts) sums.push(await add(db, count, windowMs))
      const latest = Math.max(...counts.map(({ began }) => began))
      if (counts.length > 0) {
        await db
          .deleteFrom('request_counts')
          .where('began', '<', latest - 2 * windowMs)
          .execute()
      }
      return sums
    },
  }
}

/** Counts in the minute of the row if that goes on, and begins another one otherwise. */
async function add(db: Kysely<Tables>, count: RequestCount, windowMs: number): Promise<RequestCount> {
  return db
    .insertInto('request_counts')
    .values(count)
    .onConflict((oc) =>
      oc.column('key').doUpdateSet((eb) => {
        const goesOn = eb('request_counts.began', '>', eb('excluded.began', '-', windowMs))
        return {
          began: eb.case().when(goesOn).then(eb.ref('request_counts.began')).else(eb.ref('excluded.began')).end(),
          count: eb
            .case()
            .when(goesOn)
            .then(eb('request_counts.count', '+', eb.ref('excluded.count')))
            .else(eb.ref('excluded.count'))
            .end(),
        }
      }),
    )
    .returningAll()
    .executeTakeFirstOrThrow()
}
