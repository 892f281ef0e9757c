/** The audit log: every verb that changes a state appends to it in its own transaction; it is read in order. */
import type { Container } from '../../domain/container.ts'
import type { BerthEvent, EventKind } from '../../domain/event.ts'
import { BERTH } from '../../domain/identity.ts'
import type { Store } from '../../ports/store.ts'
import type { Reservation } from '../../domain/reservation.ts'
import type { EventsTable } from './schema/tables.ts'
import type { Transactions, Tx } from './transactions.ts'

export type NewEvent = Pick<BerthEvent, 'at' | 'kind'> & Partial<Omit<BerthEvent, 'id'>>

/** Maximum number of events per statement. Databases limit the parameters of a statement; an event has 11. */
const MAX_ROWS = 500

const DEFAULTS = {
  pool: null,
  container: null,
  generation: null,
  reservation: null,
  owner: null,
  username: null,
  detail: null,
  by: BERTH,
}

/** Appends events in this order. */
export async function append(tx: Tx, ...events: readonly NewEvent[]): Promise<void> {
  for (let first = 0; first < events.length; first += MAX_ROWS) {
    const rows = events.slice(first, first + MAX_ROWS).map((event) => ({ ...DEFAULTS, ...event }))
    await tx.insertInto('events').values(rows).execute()
  }
}

type AboutReservation = Pick<Reservation, 'id' | 'pool' | 'owner' | 'username'>

/** Returns an event about a reservation. Without `by`, the manager itself caused it. */
export function reservationEvent(
  kind: EventKind,
  { id, pool, owner, username }: AboutReservation,
  some: { at: number; by?: string; detail?: string | null },
): NewEvent {
  return { kind, reservation: id, pool, owner, username, ...some }
}

/** Returns an event about a container. That of a reserved container also names its reservation, `holder`. */
export function containerEvent(
  kind: EventKind,
  { name, pool, generation }: Pick<Container, 'name' | 'pool' | 'generation'>,
  some: { at: number; by?: string; detail?: string | null; holder?: AboutReservation },
): NewEvent {
  const { holder, ...rest } = some
  const theirs = holder && { reservation: holder.id, owner: holder.owner, username: holder.username }
  return { kind, container: name, pool, generation, ...theirs, ...rest }
}

export async function appendReservation(tx: Tx, ...args: Parameters<typeof reservationEvent>): Promise<void> {
  await append(tx, reservationEvent(...args))
}

export async function appendContainer(tx: Tx, ...args: Parameters<typeof containerEvent>): Promise<void> {
  await append(tx, containerEvent(...args))
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
