/** Deleting what is old enough, a bounded number of rows at a time. */
import { sql } from 'kysely'
import type { Store } from '../core/store.ts'
import type { Transactions, Tx } from './transactions.ts'

export function pruningVerbs({ writing }: Transactions): Pick<Store, 'prune'> {
  return {
    prune: (before, most) =>
      writing(async (tx) => ({
        reservations: await pruneReservations(tx, before, most),
        events: await pruneEvents(tx, before, most),
      })),
  }
}

/** What began after that cannot have ended before: the index over the beginnings bounds what is looked at. */
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
  await tx.deleteFrom('reservations').where('id', 'in', ids).execute()
  return ids.length
}

/** In the order of their numbers. The latest one stays whatever its age: the number to go on from must be known. */
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
