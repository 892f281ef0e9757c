/** Events by time, and events of containers and pool sizes in ranges of ids. */
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { POOL_CHANGE_KINDS } from '../../../domain/series/pool-change.ts'
import type { HistoryStore } from '../../../ports/store/history.ts'
import type { Transactions, Tx } from '../transactions.ts'

const COLUMNS = ['id', 'at', 'kind', 'pool', 'container', 'generation', 'reservation', 'detail'] as const

type EventHistoryVerbs = Pick<HistoryStore, 'oldestEvent' | 'firstEventAt' | 'poolChanges'>

export function eventHistoryVerbs({ reading }: Transactions): EventHistoryVerbs {
  return {
    oldestEvent: () => reading((tx) => firstFrom(tx, 0)),

    firstEventAt: (at) => reading((tx) => firstEventAt(tx, at)),

    async poolChanges({ after, upTo, pool, kinds = POOL_CHANGE_KINDS, containers }) {
      await endOfTurn()
      return reading((tx) => {
        let query = tx
          .selectFrom('events')
          .select(COLUMNS)
          .where('id', '>', after)
          .where('id', '<=', upTo)
          .where('kind', 'in', kinds)
          .orderBy('id')
        if (pool !== null) query = query.where('pool', '=', pool)
        if (containers) {
          query = query.where((eb) =>
            eb.or([
              eb('kind', '=', 'pool.scaled'),
              ...(containers.length > 0 ? [eb('container', 'in', containers)] : []),
            ]),
          )
        }
        return query.execute()
      })
    },
  }
}

async function firstFrom(tx: Tx, id: number): Promise<{ id: number; at: number } | null> {
  const query = tx.selectFrom('events').select(['id', 'at']).where('id', '>=', id).orderBy('id').limit(1)
  const row = await query.executeTakeFirst()
  return row ? { id: row.id, at: row.at } : null
}

/** Returns the id of the first event at or after `at`. Bisects the ids, because there is no index over `at`. */
async function firstEventAt(tx: Tx, at: number): Promise<number> {
  const latest = await tx.selectFrom('events').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst()
  const oldest = await firstFrom(tx, 0)
  let low = oldest?.id ?? 1
  let high = (latest?.id ?? 0) + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const event = await firstFrom(tx, middle)
    if (event && event.at < at) low = event.id + 1
    else high = middle
  }
  return low
}
