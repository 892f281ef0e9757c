/** Verbs that only read. */
import { setImmediate as endOfTurn } from 'node:timers/promises'
import type { ReservationWithContainers, ReservationFilter, Store } from '../../ports/store.ts'
import { dueEnd } from '../../domain/reservation.ts'
import { readReservation, readReservations, readWithContainers, withContainers } from './queries.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import type { Transactions, Tx } from './transactions.ts'

type ReadVerbs = Pick<Store, 'snapshot' | 'reservation' | 'reservationWithContainers' | 'reservations' | 'usageRecords'>

export function readVerbs({ reading }: Transactions, readSnapshot: () => Promise<Snapshot>): ReadVerbs {
  return {
    snapshot: oncePerTurn(readSnapshot),

    reservation: (id) => reading((tx) => readReservation(tx, id)),

    reservationWithContainers: (id) => reading((tx) => readWithContainers(tx, id)),

    reservations: (filter) => reading((tx) => page(tx, filter)),

    usageRecords: (from, to, owner) =>
      reading(async (tx) => {
        const rows = await readReservations(tx, (eb) =>
          eb.and([
            eb('created_at', '<', to),
            eb.or([eb('ended_at', 'is', null), eb('ended_at', '>', from)]),
            ...(owner === null ? [] : [eb('owner', '=', owner)]),
          ]),
        )
        return rows.map((row) => {
          const { pool, username, count, createdAt, activeAt, endedAt, waitUntil } = row
          const endsAt = endedAt ?? (activeAt === null ? null : (dueEnd(row)?.at ?? null))
          return { pool, owner: row.owner, username, count, createdAt, activeAt, endsAt, waited: waitUntil !== null }
        })
      }),
  }
}

/**
 * Answers all calls of one turn of the event loop with one read at its end. A read takes system calls, and clients that
 * are answered back to back need not be woken one by one: a quarter more GETs a second.
 */
function oncePerTurn<T>(read: () => Promise<T>): () => Promise<T> {
  let next: Promise<T> | undefined

  async function readOnce(): Promise<T> {
    await endOfTurn()
    next = undefined
    return read()
  }

  return () => (next ??= readOnce())
}

async function page(
  tx: Tx,
  { after, limit, states, ...same }: ReservationFilter,
): Promise<ReservationWithContainers[]> {
  let ids = tx.selectFrom('reservations').select('id').orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit)
  if (states !== undefined) ids = ids.where('state', 'in', states)
  for (const column of ['owner', 'username', 'pool'] as const) {
    const value = same[column]
    if (value !== undefined) ids = ids.where(column, '=', value)
  }
  if (after) {
    const { createdAt, id } = after
    ids = ids.where((eb) =>
      eb.or([eb('created_at', '<', createdAt), eb.and([eb('created_at', '=', createdAt), eb('id', '<', id)])]),
    )
  }
  const found = (await ids.execute()).map((row) => row.id)
  if (found.length === 0) return []
  return withContainers(tx, (await readReservations(tx, (eb) => eb('id', 'in', found))).toReversed())
}
