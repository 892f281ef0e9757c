/** What only reads. */
import { setImmediate as endOfTurn } from 'node:timers/promises'
import type { Held, ReservationFilter, Store } from '../core/store.ts'
import { dueEnd } from '../core/reservation.ts'
import { readHeld, readReservation, readReservations, withContainers } from './queries.ts'
import type { Snapshots } from './snapshots.ts'
import type { Transactions, Tx } from './transactions.ts'

type ListVerbs = Pick<Store, 'snapshot' | 'reservation' | 'held' | 'reservations' | 'lent'>

export function listVerbs({ reading }: Transactions, snapshots: Snapshots): ListVerbs {
  return {
    snapshot: oncePerTurn(async () => snapshots.now() ?? reading(async () => snapshots.within())),

    reservation: (id) => reading((tx) => readReservation(tx, id)),

    held: (id) => reading((tx) => readHeld(tx, id)),

    reservations: (filter) => reading((tx) => page(tx, filter)),

    lent: (from, to, owner) =>
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
 * All who ask in one turn of the event loop get one answer, looked for at its end. To look takes system calls; and what many
 * clients are answered back to back finds them awake, where each of them alone had to be woken: a quarter more GETs a second.
 */
function oncePerTurn<T>(look: () => Promise<T>): () => Promise<T> {
  let next: Promise<T> | undefined

  async function lookOnce(): Promise<T> {
    await endOfTurn()
    next = undefined
    return look()
  }

  return () => (next ??= lookOnce())
}

async function page(tx: Tx, { after, limit, ...same }: ReservationFilter): Promise<Held[]> {
  let ids = tx.selectFrom('reservations').select('id').orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit)
  for (const column of ['state', 'owner', 'username', 'pool'] as const) {
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
