/** Parts of transactions that several verbs of the store share. */
import {
  type DeleteResult,
  type Expression,
  type ExpressionBuilder,
  type SqlBool,
  type UpdateResult,
  sql,
} from 'kysely'
import { byName, type Container, type ContainerPatch, retired } from '../../domain/container.ts'
import type { ReservationWithContainers } from '../../ports/store.ts'
import type { Reservation } from '../../domain/reservation.ts'
import { fromPatch, toContainer, toReservation } from './schema/rows.ts'
import { append, containerEvent, type NewEvent } from './events.ts'
import type { ContainersTable, ReservationsTable, Tables } from './schema/tables.ts'
import { Conflict, type Tx } from './transactions.ts'

/** The comparison of compare-and-set: state and generation are unchanged since the container was read. */
export function unchangedSince({ name, state, generation }: Container) {
  return (eb: ExpressionBuilder<Tables, 'containers'>): Expression<SqlBool> => eb.and({ name, state, generation })
}

/** Runs an update or delete that concerns at most one row. Returns whether that row was found. */
export async function changedOne(query: {
  executeTakeFirstOrThrow(): Promise<UpdateResult | DeleteResult>
}): Promise<boolean> {
  const result = await query.executeTakeFirstOrThrow()
  return ('numUpdatedRows' in result ? result.numUpdatedRows : result.numDeletedRows) === 1n
}

/** Moves these containers to `removing`. Work under way on them finds the row changed, and stops. Returns how many. */
export async function retireWhere(
  tx: Tx,
  which: (eb: ExpressionBuilder<Tables, 'containers'>) => Expression<SqlBool>,
  reason: string | null,
  some: { at: number; by?: string; holder?: Reservation },
): Promise<number> {
  const rows = await tx
    .updateTable('containers')
    .set(fromPatch(retired(reason, some.at)))
    .where(which)
    .returningAll()
    .execute()
  const removed = rows.map(toContainer).sort(byName)
  await append(tx, ...removed.map((row) => containerEvent('container.removing', row, { ...some, detail: reason })))
  return rows.length
}

/** Returns the columns of a slot in which no container was made yet. */
export function initialRow(now: number): Omit<ContainersTable, 'name' | 'pool' | 'number' | 'port'> {
  const keys = { host_key: null, host_public_key: null }
  const none = {
    engine_id: null,
    ...keys,
    host: null,
    node: null,
    attempts: 0,
    retry_at: 0,
    error: null,
    reset_at: null,
  }
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

/** Returns each reservation with the rows of its containers, in natural order. */
export async function withContainers(
  tx: Tx,
  reservations: readonly Reservation[],
): Promise<ReservationWithContainers[]> {
  const names = reservations.flatMap(({ holds }) => holds.map(({ container }) => container))
  if (names.length === 0) return reservations.map((reservation) => ({ reservation, containers: [] }))
  const found = await tx.selectFrom('containers').selectAll().where('name', 'in', names).execute()
  const rows = new Map(found.map((row) => [row.name, toContainer(row)]))
  return reservations.map((reservation) => ({
    reservation,
    containers: reservation.holds.flatMap(({ container }) => rows.get(container) ?? []).sort(byName),
  }))
}

export async function readWithContainers(tx: Tx, id: string): Promise<ReservationWithContainers | null> {
  const reservations = await readReservations(tx, (eb) => eb('id', '=', id))
  return (await withContainers(tx, reservations))[0] ?? null
}

/** With a literal: SQLite does not use a partial index for a parameter. */
export function hasNotEnded(eb: ExpressionBuilder<Tables, 'reservations'>): Expression<SqlBool> {
  return eb('state', '!=', sql.lit('ended' as const))
}

/** Returns the ready containers of a pool with the lowest numbers, none beyond its size. */
export async function selectReady(tx: Tx, pool: string, count: number): Promise<Container[]> {
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

/** Reserves these ready containers, after recording `event`. Returns the reservation of this row with them. */
export async function holdAll(
  tx: Tx,
  row: ReservationsTable,
  containers: readonly Container[],
  event: NewEvent,
): Promise<ReservationWithContainers> {
  const reserved = await hold(tx, row, containers, event)
  const holds = reserved.map(({ name }) => ({ container: name, account_generation: null }))
  return { reservation: toReservation(row, holds), containers: reserved }
}

/** Reserves these ready containers for this reservation at the time of `event`, which is recorded first. */
export async function hold(
  tx: Tx,
  holder: Pick<Reservation, 'id' | 'pool' | 'owner' | 'username'>,
  containers: readonly Container[],
  event: NewEvent,
): Promise<Container[]> {
  const { at } = event
  const patch: ContainerPatch = { state: 'reserved', since: at, attempts: 0, retryAt: 0 }
  if (containers.length > 0) {
    await reserve(tx, containers, patch)
    const rows = containers.map(({ name }) => ({ container: name, account_generation: null, current: 1 }))
    await tx
      .insertInto('holds')
      .values(rows.map((row) => ({ reservation_id: holder.id, ...row })))
      .execute()
  }
  const some = { at, holder, by: holder.owner }
  await append(tx, event, ...containers.map((one) => containerEvent('container.reserved', one, some)))
  return containers.map((one) => ({ ...one, ...patch }))
}

/** Throws `Conflict` if a container has changed since it was read: under READ COMMITTED another claim may have it. */
async function reserve(tx: Tx, containers: readonly Container[], patch: ContainerPatch): Promise<void> {
  const names = containers.map(({ name }) => name)
  const reserved = await tx
    .updateTable('containers')
    .set(fromPatch(patch))
    .where('name', 'in', names)
    .where('state', '=', 'ready')
    .returning(['name', 'generation'])
    .execute()
  const generations = new Map(reserved.map(({ name, generation }) => [name, generation]))
  for (const { name, generation } of containers) {
    if (generations.get(name) !== generation) throw new Conflict(`other writers keep changing container ${name}`)
  }
}
