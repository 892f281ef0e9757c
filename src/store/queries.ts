/** Pieces of transactions that several verbs of the store share. */
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import { byName, type Container, type ContainerPatch } from '../core/container.ts'
import type { Held } from '../core/store.ts'
import type { Reservation } from '../core/reservation.ts'
import { fromPatch, toContainer, toReservation } from './rows.ts'
import { appendContainer } from './events.ts'
import type { ContainersTable, ReservationsTable, Tables } from './tables.ts'
import type { Tx } from './transactions.ts'

/** The compare of compare-and-set: nobody has moved the container since it was seen. */
export function isStill({ name, state, generation }: Container) {
  return (eb: ExpressionBuilder<Tables, 'containers'>): Expression<SqlBool> => eb.and({ name, state, generation })
}

/** Columns of a place in which nothing of ours was made yet. */
export function nothingYet(now: number): Omit<ContainersTable, 'name' | 'pool' | 'number' | 'port'> {
  const none = { engine_id: null, host_key: null, attempts: 0, retry_at: 0, error: null }
  return { state: 'creating', since: now, generation: 0, ...none }
}

export async function readReservations(
  tx: Tx,
  which: (eb: ExpressionBuilder<Tables, 'reservations'>) => Expression<SqlBool>,
): Promise<Reservation[]> {
  const rows = await tx
    .selectFrom('reservations')
    .selectAll()
    .where(which)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  if (rows.length === 0) return []
  const holds = await tx
    .selectFrom('holds')
    .selectAll()
    .where('reservation_id', 'in', (eb) => eb.selectFrom('reservations').select('id').where(which))
    .execute()
  const byReservation = Map.groupBy(holds, (row) => row.reservation_id)
  return rows.map((row) => toReservation(row, byReservation.get(row.id) ?? []))
}

export async function readReservation(tx: Tx, id: string): Promise<Reservation | null> {
  return (await readReservations(tx, (eb) => eb('id', '=', id)))[0] ?? null
}

/** With the rows of everything that each of them holds, in natural order. */
export async function withContainers(tx: Tx, reservations: readonly Reservation[]): Promise<Held[]> {
  const names = reservations.flatMap((r) => r.holds.map((one) => one.container))
  if (names.length === 0) return reservations.map((reservation) => ({ reservation, containers: [] }))
  const found = await tx.selectFrom('containers').selectAll().where('name', 'in', names).execute()
  const rows = new Map(found.map((row) => [row.name, toContainer(row)]))
  return reservations.map((reservation) => ({
    reservation,
    containers: reservation.holds.flatMap((one) => rows.get(one.container) ?? []).sort(byName),
  }))
}

export async function readHeld(tx: Tx, id: string): Promise<Held | null> {
  const reservations = await readReservations(tx, (eb) => eb('id', '=', id))
  return (await withContainers(tx, reservations))[0] ?? null
}

/** Neither ended nor forgotten. A literal, since SQLite does not use a partial index for a parameter. */
export function isOpen(eb: ExpressionBuilder<Tables, 'reservations'>): Expression<SqlBool> {
  return eb('state', '!=', sql.lit('ended' as const))
}

/** The ready containers of a pool with the lowest numbers; none beyond the size that it was given. */
export async function readyOnes(tx: Tx, pool: string, count: number): Promise<Container[]> {
  const rows = await tx
    .selectFrom('containers')
    .selectAll()
    .where('pool', '=', pool)
    .where('state', '=', sql.lit('ready' as const))
    .where('number', '<=', (eb) =>
      eb.fn.coalesce(eb.selectFrom('pool_sizes').select('size').where('pool', '=', pool), 'containers.number'),
    )
    .orderBy('number')
    .limit(count)
    .execute()
  return rows.map(toContainer)
}

/** ready -> reserved, all of them for the reservation of this row; gives it as it is then. */
export async function holdAll(
  tx: Tx,
  row: ReservationsTable,
  containers: readonly Container[],
  now: number,
): Promise<Held> {
  const held: Container[] = []
  for (const container of containers) held.push(await hold(tx, row, container, now))
  const holds = held.map(({ name }) => ({ container: name, opened: null }))
  return { reservation: toReservation(row, holds), containers: held }
}

/** ready -> reserved, for this reservation. */
export async function hold(
  tx: Tx,
  holder: Pick<Reservation, 'id' | 'pool' | 'owner' | 'username'>,
  container: Container,
  now: number,
): Promise<Container> {
  const patch: ContainerPatch = { state: 'reserved', since: now, attempts: 0, retryAt: 0 }
  await tx.updateTable('containers').set(fromPatch(patch)).where(isStill(container)).execute()
  await tx
    .insertInto('holds')
    .values({ reservation_id: holder.id, container: container.name, opened: null, open: 1 })
    .execute()
  await appendContainer(tx, 'container.reserved', container, { at: now, holder, by: holder.owner })
  return { ...container, ...patch }
}
