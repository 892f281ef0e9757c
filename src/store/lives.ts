/** What becomes of a reservation between its containers being held and its end. */
import { byName, retired } from '../core/container.ts'
import type { Reservation } from '../core/reservation.ts'
import type { Ending, Store } from '../core/store.ts'
import { appendContainer, appendReservation } from './events.ts'
import { hold, isStill, readReservation, readReservations, readyOnes, withContainers } from './queries.ts'
import { fromPatch, toContainer, toReservation } from './rows.ts'
import type { Transactions, Tx } from './transactions.ts'

type LifeVerbs = Pick<
  Store,
  'substitute' | 'activate' | 'extend' | 'keepAlive' | 'recordTold' | 'recordOpened' | 'end' | 'finish'
>

export function lifeVerbs({ writing }: Transactions): LifeVerbs {
  return {
    substitute: (id, container, reason, now) =>
      writing(async (tx) => {
        const reservation = await readReservation(tx, id)
        if (reservation?.state !== 'preparing') return null
        const other = (await readyOnes(tx, reservation.pool, 1))[0]
        if (!other) return null
        const { numDeletedRows } = await tx
          .deleteFrom('holds')
          .where('reservation_id', '=', id)
          .where('container', '=', container)
          .executeTakeFirst()
        if (numDeletedRows === 0n) return null
        await retire(tx, [container], reason, { at: now, holder: reservation })
        await appendReservation(tx, 'reservation.substituted', reservation, {
          at: now,
          detail: `${container} -> ${other.name}: ${reason}`,
        })
        return hold(tx, reservation, other, now)
      }),

    activate: (id, now) =>
      writing(async (tx) => {
        const row = await tx
          .updateTable('reservations')
          .set((eb) => ({
            ...{ state: 'active' as const, active_at: now },
            ...{ expires_at: eb('duration_ms', '+', now), told_end: eb('duration_ms', '+', now) },
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
            opened: eb
              .selectFrom('containers')
              .select('generation')
              .whereRef('containers.name', '=', 'holds.container'),
          }))
          .where('reservation_id', '=', id)
          .returningAll()
          .execute()
        await appendReservation(tx, 'reservation.active', row, { at: now })
        return toReservation(row, holds)
      }),

    extend: (id, from, to, by, now) =>
      writing(async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('reservations')
          .set({ expires_at: to })
          .where('id', '=', id)
          .where('state', '=', 'active')
          .where('expires_at', '=', from)
          .where('expires_at', '>', now)
          .executeTakeFirst()
        const extended = numUpdatedRows === 1n ? await readReservation(tx, id) : null
        if (extended) {
          const detail = `until ${new Date(to).toISOString()}`
          await appendReservation(tx, 'reservation.extended', extended, { at: now, by, detail })
        }
        return extended
      }),

    keepAlive: (id, now) =>
      writing(async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('reservations')
          .set((eb) => ({ alive_until: eb('keepalive_ms', '+', now) }))
          .where('id', '=', id)
          .where('state', 'in', ['waiting', 'preparing', 'active'])
          .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
          .where('alive_until', '>', now)
          .executeTakeFirst()
        return numUpdatedRows === 1n ? readReservation(tx, id) : null
      }),

    recordTold: (id, end, left) =>
      writing(async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('reservations')
          .set({ told_end: end, told_left: left })
          .where('id', '=', id)
          .where('state', '=', 'active')
          .where('expires_at', '=', end)
          .executeTakeFirst()
        return numUpdatedRows === 1n
      }),

    recordOpened: (id, seen) =>
      writing(async (tx) => {
        const row = await tx.selectFrom('containers').select('name').where(isStill(seen)).executeTakeFirst()
        if (!row || seen.state !== 'reserved') return false
        const { numUpdatedRows } = await tx
          .updateTable('holds')
          .set({ opened: seen.generation })
          .where('reservation_id', '=', id)
          .where('container', '=', seen.name)
          .where('open', '=', 1)
          .executeTakeFirst()
        return numUpdatedRows === 1n
      }),

    end: (ids, ending, now) => (ids.length === 0 ? Promise.resolve([]) : writing((tx) => endAll(tx, ids, ending, now))),

    finish: (id, now) =>
      writing(async (tx) => {
        const ended = await tx
          .updateTable('reservations')
          .set({ state: 'ended' })
          .where('id', '=', id)
          .where('state', '=', 'ending')
          .returningAll()
          .executeTakeFirst()
        if (!ended) return false
        await tx.updateTable('holds').set({ open: null }).where('reservation_id', '=', id).execute()
        await appendReservation(tx, 'reservation.ended', ended, { at: now, detail: ended.outcome })
        return true
      }),
  }
}

async function endAll(tx: Tx, ids: readonly string[], { outcome, reason, by, seen = {} }: Ending, now: number) {
  const found = await readReservations(tx, (eb) =>
    eb.and([eb('id', 'in', ids), eb('state', 'in', ['waiting', 'preparing', 'active'])]),
  )
  const open = found.filter((one) =>
    Object.entries(seen).every(([key, value]) => one[key as keyof typeof seen] === value),
  )
  for (const reservation of open) {
    const { id, state } = reservation
    const how = outcome === 'released' && state !== 'active' ? 'cancelled' : outcome
    // Nobody was ever let into one that waits: there is nothing to cut off.
    const next = state === 'waiting' ? 'ended' : 'ending'
    await tx
      .updateTable('reservations')
      .set({ state: next, outcome: how, ended_at: now, reason: reason ?? null })
      .where('id', '=', id)
      .execute()
    const detail = reason === undefined ? how : `${how}: ${reason}`
    const some = { at: now, ...(by !== undefined && { by }) }
    await appendReservation(tx, `reservation.${next}`, reservation, { ...some, detail })
    const held = reservation.holds.map((one) => one.container)
    await retire(tx, held, null, { ...some, holder: reservation })
  }
  const ending = await readReservations(tx, (eb) => eb.and([eb('id', 'in', ids), eb('state', '=', 'ending')]))
  return withContainers(tx, ending)
}

/** reserved -> removing */
async function retire(
  tx: Tx,
  names: readonly string[],
  reason: string | null,
  some: { at: number; by?: string; holder: Reservation },
): Promise<void> {
  if (names.length === 0) return
  const rows = await tx
    .updateTable('containers')
    .set(fromPatch(retired(reason, some.at)))
    .where('state', '=', 'reserved')
    .where('name', 'in', names)
    .returningAll()
    .execute()
  for (const row of rows.map(toContainer).sort(byName)) {
    await appendContainer(tx, 'container.removing', row, { ...some, detail: reason })
  }
}
