/** Requests that the managers count together. */
import type { Kysely } from 'kysely'
import type { RequestCount, RequestCountStore } from '../../../ports/store/request-counts.ts'
import type { Tables } from '../schema/tables.ts'

/**
 * Runs single statements instead of a transaction: they do not need the write lock, cause no manager to read changes,
 * and cannot deadlock when managers count the same clients.
 */
export function requestCountVerbs(db: Kysely<Tables>): RequestCountStore {
  return {
    async addRequestCounts(counts, windowMs) {
      if (counts.length === 0) return []
      const sums: RequestCount[] = []
      for (const count of counts) sums.push(await add(db, count, windowMs))
      const latest = Math.max(...counts.map(({ began }) => began))
      await db
        .deleteFrom('request_counts')
        .where('began', '<', latest - 2 * windowMs)
        .execute()
      return sums
    },
  }
}

/** Adds to the count of the row's minute; if that minute is over, starts another one. */
async function add(db: Kysely<Tables>, count: RequestCount, windowMs: number): Promise<RequestCount> {
  return db
    .insertInto('request_counts')
    .values(count)
    .onConflict((oc) =>
      oc.column('key').doUpdateSet((eb) => {
        const isRunning = eb('request_counts.began', '>', eb('excluded.began', '-', windowMs))
        return {
          began: eb.case().when(isRunning).then(eb.ref('request_counts.began')).else(eb.ref('excluded.began')).end(),
          count: eb
            .case()
            .when(isRunning)
            .then(eb('request_counts.count', '+', eb.ref('excluded.count')))
            .else(eb.ref('excluded.count'))
            .end(),
        }
      }),
    )
    .returningAll()
    .executeTakeFirstOrThrow()
}
