/** Verbs on a reservation, from its reserved containers to its end. */
import type { Container } from '../../domain/container.ts'
import type { Reservation } from '../../domain/reservation.ts'
import type { Ending, ReservationWithContainers, Store } from '../../ports/store.ts'
import { appendReservation, reservationEvent } from './events.ts'
import {
  changedOne,
  hasNotEnded,
  hold,
  readReservation,
  readReservations,
  retireWhere,
  selectReady,
  unchangedSince,
  withContainers,
} from './queries.ts'
import { toReservation } from './schema/rows.ts'
import type { Transactions, Tx } from './transactions.ts'

type LifecycleVerbs = Pick<
  Store,
  | 'substitute'
  | 'activate'
  | 'extend'
  | 'keepAlive'
  | 'renewKeepalives'
  | 'recordNotified'
  | 'recordAccount'
  | 'end'
  | 'finish'
>

export function lifecycleVerbs({ writing }: Transactions): LifecycleVerbs {
  return {
    substitute: (...args) => writing((tx) => substitute(tx, ...args)),
    activate: (...args) => writing((tx) => activate(tx, ...args)),
    extend: (...args) => writing((tx) => extend(tx, ...args)),
    keepAlive: (...args) => writing((tx) => keepAlive(tx, ...args)),
    renewKeepalives: (...args) => writing((tx) => renewKeepalives(tx, ...args)),
    recordNotified: (...args) => writing((tx) => recordNotified(tx, ...args)),
    recordAccount: (...args) => writing((tx) => recordAccount(tx, ...args)),
    end: async (ids, ...args) => (ids.length === 0 ? [] : writing((tx) => endAll(tx, ids, ...args))),
    finish: (...args) => writing((tx) => finish(tx, ...args)),
  }
}

async function substitute(
  tx: Tx,
  id: string,
  container: string,
  reason: string,
  now: number,
): Promise<Container | null> {
  const reservation = await readReservation(tx, id)
  if (reservation?.state !== 'preparing') return null
  const [other] = await selectReady(tx, reservation.pool, 1)
  if (!other) return null
  const left = tx.deleteFrom('holds').where('reservation_id', '=', id).where('container', '=', container)
  if (!(await changedOne(left))) return null
  await retireHeld(tx, [container], reason, { at: now, holder: reservation })
  const detail = `${container} -> ${other.name}: ${reason}`
  const event = reservationEvent('reservation.substituted', reservation, { at: now, detail })
  return (await hold(tx, reservation, [other], event))[0] ?? null
}

async function activate(tx: Tx, id: string, now: number): Promise<Reservation | null> {
  const row = await tx
    .updateTable('reservations')
    .set((eb) => ({
      state: 'active' as const,
      active_at: now,
      expires_at: eb('duration_ms', '+', now),
      notified_end: eb('duration_ms', '+', now),
      alive_until: eb('keepalive_ms', '+', now),
    }))
    .where('id', '=', id)
    .where('state', '=', 'preparing')
    .returningAll()
    .executeTakeFirst()
  if (!row) return null
  const holds = await tx
    .updateTable('holds')
    .set((eb) => ({
      account_generation: eb
        .selectFrom('containers')
        .select('generation')
        .whereRef('containers.name', '=', 'holds.container'),
    }))
    .where('reservation_id', '=', id)
    .returningAll()
    .execute()
  await appendReservation(tx, 'reservation.active', row, { at: now })
  return toReservation(row, holds)
}

async function extend(
  tx: Tx,
  id: string,
  from: number,
  to: number,
  by: string,
  now: number,
): Promise<Reservation | null> {
  const moved = tx
    .updateTable('reservations')
    .set({ expires_at: to })
    .where('id', '=', id)
    .where('state', '=', 'active')
    .where('expires_at', '=', from)
    .where('expires_at', '>', now)
  const extended = (await changedOne(moved)) ? await readReservation(tx, id) : null
  if (extended) {
    const detail = `until ${new Date(to).toISOString()}`
    await appendReservation(tx, 'reservation.extended', extended, { at: now, by, detail })
  }
  return extended
}

async function keepAlive(tx: Tx, id: string, now: number): Promise<Reservation | null> {
  const kept = tx
    .updateTable('reservations')
    .set((eb) => ({ alive_until: eb('keepalive_ms', '+', now) }))
    .where('id', '=', id)
    .where('state', 'in', ['waiting', 'preparing', 'active'])
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .where('alive_until', '>', now)
  return (await changedOne(kept)) ? readReservation(tx, id) : null
}

async function renewKeepalives(tx: Tx, now: number): Promise<void> {
  await tx
    .updateTable('reservations')
    .set((eb) => ({ alive_until: eb('keepalive_ms', '+', now) }))
    .where('state', 'in', ['waiting', 'preparing', 'active'])
    .where('alive_until', 'is not', null)
    .execute()
}

function recordNotified(tx: Tx, id: string, end: number, left: number | null): Promise<boolean> {
  return changedOne(
    tx
      .updateTable('reservations')
      .set({ notified_end: end, notified_left: left })
      .where('id', '=', id)
      .where('state', '=', 'active')
      .where('expires_at', '=', end),
  )
}

async function recordAccount(tx: Tx, id: string, seen: Container): Promise<boolean> {
  const row = await tx.selectFrom('containers').select('name').where(unchangedSince(seen)).executeTakeFirst()
  if (!row || seen.state !== 'reserved') return false
  return changedOne(
    tx
      .updateTable('holds')
      .set({ account_generation: seen.generation })
      .where('reservation_id', '=', id)
      .where('container', '=', seen.name)
      .where('current', '=', 1),
  )
}

async function endAll(
  tx: Tx,
  ids: readonly string[],
  { outcome, reason, by, seen = {} }: Ending,
  now: number,
): Promise<ReservationWithContainers[]> {
  const found = await readReservations(tx, (eb) => eb.and([eb('id', 'in', ids), hasNotEnded(eb)]))
  const ending: Reservation[] = []
  for (const reservation of found) {
    const { id, state } = reservation
    if (state === 'ending') ending.push(reservation)
    const isUnchanged = Object.entries(seen).every(([key, value]) => reservation[key as keyof typeof seen] === value)
    if (state === 'ending' || !isUnchanged) continue
    const how = outcome === 'released' && state !== 'active' ? 'cancelled' : outcome
    // A waiting reservation has no account yet: there is no access to revoke.
    const next = state === 'waiting' ? 'ended' : 'ending'
    const end = { state: next, outcome: how, reason: reason ?? null } as const
    await tx
      .updateTable('reservations')
      // The account is never made again, so its password hash and keys are erased.
      .set({ ...end, ended_at: now, password_hash: null, ssh_keys: '[]' })
      .where('id', '=', id)
      .execute()
    const detail = reason === undefined ? how : `${how}: ${reason}`
    const some = { at: now, ...(by !== undefined && { by }) }
    await appendReservation(tx, `reservation.${next}`, reservation, { ...some, detail })
    const names = reservation.holds.map(({ container }) => container)
    await retireHeld(tx, names, null, { ...some, holder: reservation })
    if (next === 'ending') ending.push({ ...reservation, ...end, endedAt: now, passwordHash: null, sshKeys: [] })
  }
  return withContainers(tx, ending)
}

async function finish(tx: Tx, id: string, now: number): Promise<boolean> {
  const ended = await tx
    .updateTable('reservations')
    .set({ state: 'ended' })
    .where('id', '=', id)
    .where('state', '=', 'ending')
    .returningAll()
    .executeTakeFirst()
  if (!ended) return false
  await tx.updateTable('holds').set({ current: null }).where('reservation_id', '=', id).execute()
  await appendReservation(tx, 'reservation.ended', ended, { at: now, detail: ended.outcome })
  return true
}

/** reserved -> removing */
async function retireHeld(
  tx: Tx,
  names: readonly string[],
  reason: string | null,
  some: { at: number; by?: string; holder: Reservation },
): Promise<void> {
  if (names.length === 0) return
  await retireWhere(tx, (eb) => eb.and([eb('state', '=', 'reserved'), eb('name', 'in', names)]), reason, some)
}
