/** Times at which reservations were created, became active and ended. */
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { MAX_WAIT_MS } from '../../../domain/queue.ts'
import type { HistoryStore, ReservationTimesFilter } from '../../../ports/store/history.ts'
import type { Transactions, Tx } from '../transactions.ts'

/** Number of reservations in a page, including those that the filter leaves out. A page takes milliseconds. */
const PAGE = 1_000

export function reservationTimesVerb({ reading }: Transactions): Pick<HistoryStore, 'reservationTimes'> {
  return {
    // A reservation created before this has stopped waiting by `from`. The index over `created_at` needs the bound.
    async reservationTimes(filter, begin = filter.from - MAX_WAIT_MS) {
      await endOfTurn()
      return reading(async (tx) => {
        const next = await startOfNextPage(tx, begin)
        const end = Math.min(filter.to, next ?? filter.to)
        return { times: await timesOf(tx, filter, begin, end), next: end < filter.to ? end : null }
      })
    },
  }
}

async function startOfNextPage(tx: Tx, begin: number): Promise<number | null> {
  const query = tx.selectFrom('reservations').select('created_at').where('created_at', '>=', begin)
  const row = await query.orderBy('created_at').offset(PAGE).limit(1).executeTakeFirst()
  return row ? Math.max(row.created_at, begin + 1) : null
}

/** Returns the reservations created from `begin` to `end`, except those that had stopped waiting before `from`. */
async function timesOf(tx: Tx, { from, pool }: ReservationTimesFilter, begin: number, end: number) {
  let query = tx
    .selectFrom('reservations')
    .select(['created_at', 'active_at', 'ended_at', 'wait_until'])
    .where('created_at', '>=', begin)
    .where('created_at', '<', end)
    .where((eb) =>
      eb.or([
        eb('active_at', '>=', from),
        eb.and([eb('active_at', 'is', null), eb('ended_at', 'is', null)]),
        eb.and([eb('active_at', 'is', null), eb('ended_at', '>=', from)]),
      ]),
    )
  if (pool !== null) query = query.where('pool', '=', pool)
  const rows = await query.execute()
  return rows.map(({ created_at, active_at, ended_at, wait_until }) => ({
    createdAt: created_at,
    activeAt: active_at,
    endedAt: ended_at,
    waited: wait_until !== null,
  }))
}
