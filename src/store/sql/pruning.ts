/** Deletes old rows, a bounded number at a time. */
import { sql } from 'kysely'
import type { Store } from '../../ports/store.ts'
import type { Transactions, Tx } from './transactions.ts'

/** Number of changes to keep. A manager that lags behind by more reads everything. */
const KEPT_CHANGES = 1_000

export function pruningVerbs({ writing }: Transactions): Pick<Store, 'prune'> {
  return {
    prune: (before, most) =>
      writing(async (tx) => {
        await pruneChanges(tx)
        await pruneRefusals(tx, before, most)
        return {
          reservations: await pruneReservations(tx, before, most),
          events: await pruneEvents(tx, before, most),
        }
      }),
  }
}

async function pruneChanges(tx: Tx): Promise<void> {
  await tx
    .deleteFrom('changes')
    .where('revision', '<=', (eb) =>
      eb.selectFrom('changes').select((inner) => sql<number>`${inner.fn.max('revision')} - ${KEPT_CHANGES}`.as('last')),
    )
    .execute()
}

/**
 * A reservation that began later cannot have ended before: the index over `created_at` bounds the rows that are read.
 */
async function pruneReservations(tx: Tx, before: number, most: number): Promise<number> {
  const rows = await tx
    .selectFrom('reservations')
    .select('id')
    .where('created_at', '<', before)
    .where('state', '=', sql.lit('ended' as const))
    .where('ended_at', '<', before)
    .orderBy('created_at')
    .orderBy('id')
    .limit(most)
    .execute()
  const ids = rows.map((row) => row.id)
  if (ids.length === 0) return 0
  for (const table of ['requests', 'holds'] as const) {
    await tx.deleteFrom(table).where('reservation_id', 'in', ids).execute()
  }
  await tx.deleteFrom('terminals').where('reservation', 'in', ids).execute()
  await tx.deleteFrom('reservations').where('id', 'in', ids).execute()
  return ids.length
}

/** Deletes in the order of numbers. The latest event stays whatever its age: readers continue after its number. */
async function pruneEvents(tx: Tx, before: number, most: number): Promise<number> {
  const oldest = await tx
    .selectFrom('events')
    .select(['id', 'at'])
    .orderBy('id')
    .limit(most + 1)
    .execute()
  const last = oldest.slice(0, -1).findLast(({ at }) => at < before)
  if (!last) return 0
  const { numDeletedRows } = await tx
    .deleteFrom('events')
    .where('id', '<=', last.id)
    .where('at', '<', before)
    .executeTakeFirst()
  return Number(numDeletedRows)
}

async function pruneRefusals(tx: Tx, before: number, most: number): Promise<void> {
  const kept = await tx.selectFrom('refusals').select('at').orderBy('at').offset(most).limit(1).executeTakeFirst()
  await tx
    .deleteFrom('refusals')
    .where('at', '<', Math.min(before, kept?.at ?? before))
    .execute()
}
