/** The audit log: every verb that changes a state appends to it in its own transaction; it is read in order. */
import type { Container } from '../../domain/container.ts'
import type { BerthEvent, EventKind } from '../../domain/event.ts'
import { BERTH } from '../../domain/identity.ts'
import type { Store } from '../../ports/store.ts'
import type { Reservation } from '../../domain/reservation.ts'
import type { EventsTable } from './schema/tables.ts'
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

/** `by` is the manager itself unless given. */
export async function appendReservation(
  tx: Tx,
  kind: EventKind,
  { id, pool, owner, username }: AboutReservation,
  some: { at: number; by?: string; detail?: string | null },
): Promise<void> {
  await append(tx, { kind, reservation: id, pool, owner, username, ...some })
}

/** An event of a reserved container also names its reservation. */
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
