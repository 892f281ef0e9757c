/** The audit log: written by every verb that changes a state, in that verb's own transaction, and read back in order. */
import type { Container } from '../core/container.ts'
import type { BerthEvent, EventKind } from '../core/events.ts'
import { BERTH } from '../core/identity.ts'
import type { Store } from '../core/store.ts'
import type { Reservation } from '../core/reservation.ts'
import type { EventsTable } from './tables.ts'
import type { Transactions, Tx } from './transactions.ts'

export async function append(
  tx: Tx,
  event: Pick<BerthEvent, 'at' | 'kind'> & Partial<Omit<BerthEvent, 'id'>>,
): Promise<void> {
  const nothing = { pool: null, container: null, generation: null, reservation: null, owner: null, username: null }
  await tx
    .insertInto('events')
    .values({ ...nothing, detail: null, by: BERTH, ...event })
    .execute()
}

type AboutReservation = Pick<Reservation, 'id' | 'pool' | 'owner' | 'username'>

/** `by` the manager itself unless it is given. */
export async function appendReservation(
  tx: Tx,
  kind: EventKind,
  { id, pool, owner, username }: AboutReservation,
  some: { at: number; by?: string; detail?: string | null },
): Promise<void> {
  await append(tx, { kind, reservation: id, pool, owner, username, ...some })
}

/** A container's event is also its holder's, where it has one. */
export async function appendContainer(
  tx: Tx,
  kind: EventKind,
  { name, pool, generation }: Pick<Container, 'name' | 'pool' | 'generation'>,
  some: { at: number; by?: string; detail?: string | null; holder?: AboutReservation },
): Promise<void> {
  const { holder, ...rest } = some
  const theirs = holder && { reservation: holder.id, owner: holder.owner, username: holder.username }
  await append(tx, { kind, container: name, pool, generation, ...theirs, ...rest })
}

export function eventVerbs({ reading, onWritten }: Transactions): Pick<Store, 'events' | 'latestEvent' | 'onEvents'> {
  return {
    events: ({ after, limit, latest = false, ...same }) =>
      reading(async (tx) => {
        let query = tx
          .selectFrom('events')
          .selectAll()
          .where('id', '>', after)
          .orderBy('id', latest ? 'desc' : 'asc')
          .limit(limit)
        for (const [column, value] of Object.entries(same)) {
          if (value !== undefined) query = query.where(column as keyof EventsTable, '=', value)
        }
        const found = await query.execute()
        return latest ? found.toReversed() : found
      }),

    latestEvent: () =>
      reading(async (tx) => {
        const last = await tx.selectFrom('events').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst()
        return last?.id ?? 0
      }),

    onEvents: onWritten,
  }
}
