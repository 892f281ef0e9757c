/** Pieces of transactions that several verbs of the store share. */
import { type Expression, type ExpressionBuilder, type SqlBool, sql, type Transaction } from 'kysely'
import { byName, type Container, type ContainerPatch } from '../core/container.ts'
import type { Claim, Held, ReservationFilter } from '../core/ports.ts'
import type { Reservation } from '../core/reservation.ts'
import { fromPatch, toContainer, toReservation } from './rows.ts'
import type { ContainersTable, Tables } from './tables.ts'

export type Tx = Transaction<Tables>

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

/** See `Store.reservations`. */
export async function listReservations(tx: Tx, filter: ReservationFilter): Promise<Reservation[]> {
  const { state, username, pool, after, limit } = filter
  let page = tx.selectFrom('reservations').select('id').orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit)
  if (state) page = page.where('state', '=', state)
  if (username !== undefined) page = page.where('username', '=', username)
  if (pool !== undefined) page = page.where('pool', '=', pool)
  if (after) {
    const { createdAt, id } = after
    page = page.where((eb) =>
      eb.or([eb('created_at', '<', createdAt), eb.and([eb('created_at', '=', createdAt), eb('id', '<', id)])]),
    )
  }
  const ids = (await page.execute()).map((row) => row.id)
  if (ids.length === 0) return []
  return (await readReservations(tx, (eb) => eb('id', 'in', ids))).toReversed()
}

export async function readReservation(tx: Tx, id: string): Promise<Reservation | null> {
  return (await readReservations(tx, (eb) => eb('id', '=', id)))[0] ?? null
}

/** The rows of everything that a reservation holds, in natural order. */
export async function withContainers(tx: Tx, reservation: Reservation): Promise<Held> {
  const rows = await tx
    .selectFrom('containers')
    .selectAll()
    .where('name', 'in', (eb) =>
      eb.selectFrom('holds').select('container').where('reservation_id', '=', reservation.id),
    )
    .execute()
  return { reservation, containers: rows.map(toContainer).sort(byName) }
}

/** Neither ended nor forgotten. A literal, since SQLite does not use a partial index for a parameter. */
export function isOpen(eb: ExpressionBuilder<Tables, 'reservations'>): Expression<SqlBool> {
  return eb('state', '!=', sql.lit('ended' as const))
}

/** The ready containers of a pool with the lowest numbers. */
export async function readyOnes(tx: Tx, pool: string, count: number): Promise<Container[]> {
  const rows = await tx
    .selectFrom('containers')
    .selectAll()
    .where('pool', '=', pool)
    .where('state', '=', sql.lit('ready' as const))
    .orderBy('number')
    .limit(count)
    .execute()
  return rows.map(toContainer)
}

/** ready -> reserved, for this reservation. */
export async function hold(tx: Tx, id: string, container: Container, now: number): Promise<Container> {
  const patch: ContainerPatch = { state: 'reserved', since: now, attempts: 0, retryAt: 0 }
  await tx.updateTable('containers').set(fromPatch(patch)).where(isStill(container)).execute()
  await tx
    .insertInto('holds')
    .values({ reservation_id: id, container: container.name, opened: null, open: 1 })
    .execute()
  return { ...container, ...patch }
}

/** All or nothing; see `Store.claim`. */
export async function takeReady(tx: Tx, claim: Claim, now: number): Promise<Held | { available: number }> {
  const free = await readyOnes(tx, claim.pool, claim.count)
  if (free.length < claim.count) return { available: free.length }
  await tx
    .insertInto('reservations')
    .values({
      id: claim.id,
      pool: claim.pool,
      username: claim.username,
      password_hash: claim.passwordHash,
      ssh_keys: JSON.stringify(claim.sshKeys),
      state: 'preparing',
      created_at: now,
      duration_ms: claim.durationMs,
      prepare_by: claim.prepareBy,
      active_at: null,
      expires_at: null,
      keepalive_ms: claim.keepaliveMs,
      alive_until: null,
      ended_at: null,
      outcome: null,
      note: claim.note,
    })
    .execute()
  for (const container of free) await hold(tx, claim.id, container, now)
  const reservation = await readReservation(tx, claim.id)
  if (!reservation) throw new Error(`reservation ${claim.id} is gone from its own transaction`)
  return withContainers(tx, reservation)
}
