/** Every query, once, in words that SQLite and PostgreSQL both understand. */
import type { Kysely } from 'kysely'
import { byName, retired } from '../core/container.ts'
import { containerName } from '../core/pool.ts'
import type { Store } from '../core/ports.ts'
import {
  hold,
  isOpen,
  isStill,
  listReservations,
  nothingYet,
  readReservation,
  readReservations,
  readyOnes,
  type Tx,
  takeReady,
  withContainers,
} from './queries.ts'
import { fromPatch, toContainer } from './rows.ts'
import type { Tables } from './tables.ts'

export function createSqlStore(db: Kysely<Tables>): Store {
  const inTransaction = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => db.transaction().execute(work)

  return {
    snapshot: () =>
      inTransaction(async (tx) => {
        const containers = await tx.selectFrom('containers').selectAll().execute()
        const reservations = await readReservations(tx, isOpen)
        return { containers: containers.map(toContainer).sort(byName), reservations }
      }),

    async container(name) {
      const row = await db.selectFrom('containers').selectAll().where('name', '=', name).executeTakeFirst()
      return row ? toContainer(row) : null
    },

    reservation: (id) => inTransaction((tx) => readReservation(tx, id)),

    held: (id) =>
      inTransaction(async (tx) => {
        const reservation = await readReservation(tx, id)
        return reservation && withContainers(tx, reservation)
      }),

    reservations: (filter) => inTransaction((tx) => listReservations(tx, filter)),

    async poolFacts() {
      const rows = await db.selectFrom('pool_facts').selectAll().execute()
      return new Map(rows.map(({ pool, os, names }) => [pool, { os, names: JSON.parse(names) as string[] }]))
    },

    async recordPoolFacts(pool, { os, names }) {
      const values = { os, names: JSON.stringify(names) }
      await db
        .insertInto('pool_facts')
        .values({ pool, ...values })
        .onConflict((oc) => oc.column('pool').doUpdateSet(values))
        .execute()
    },

    addContainers: (places, now) =>
      inTransaction(async (tx) => {
        for (const place of places) {
          await tx
            .insertInto('containers')
            .values({ ...place, ...nothingYet(now), name: containerName(place.pool, place.number) })
            .onConflict((oc) => oc.doNothing())
            .execute()
        }
      }),

    async updateContainer(seen, patch) {
      const { numUpdatedRows } = await db
        .updateTable('containers')
        .set(fromPatch(patch))
        .where(isStill(seen))
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },

    async dropContainer(seen) {
      const { numDeletedRows } = await db.deleteFrom('containers').where(isStill(seen)).executeTakeFirst()
      return numDeletedRows === 1n
    },

    claim: (claim, now) => inTransaction((tx) => takeReady(tx, claim, now)),

    substitute: (id, container, reason, now) =>
      inTransaction(async (tx) => {
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
        await tx
          .updateTable('containers')
          .set(fromPatch(retired(reason, now)))
          .where('name', '=', container)
          .execute()
        return hold(tx, id, other, now)
      }),

    activate: (id, now) =>
      inTransaction(async (tx) => {
        const reservation = await readReservation(tx, id)
        if (reservation?.state !== 'preparing') return null
        const { durationMs, keepaliveMs } = reservation
        const alive_until = keepaliveMs === null ? null : now + keepaliveMs
        await tx
          .updateTable('reservations')
          .set({ state: 'active', active_at: now, expires_at: now + durationMs, alive_until })
          .where('id', '=', id)
          .execute()
        await tx
          .updateTable('holds')
          .set((eb) => ({
            opened: eb
              .selectFrom('containers')
              .select('generation')
              .whereRef('containers.name', '=', 'holds.container'),
          }))
          .where('reservation_id', '=', id)
          .execute()
        return readReservation(tx, id)
      }),

    extend: (id, from, to, now) =>
      inTransaction(async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('reservations')
          .set({ expires_at: to })
          .where('id', '=', id)
          .where('state', '=', 'active')
          .where('expires_at', '=', from)
          .where('expires_at', '>', now)
          .executeTakeFirst()
        return numUpdatedRows === 1n ? readReservation(tx, id) : null
      }),

    keepAlive: (id, now) =>
      inTransaction(async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('reservations')
          .set((eb) => ({ alive_until: eb('keepalive_ms', '+', now) }))
          .where('id', '=', id)
          .where('state', '=', 'active')
          .where('expires_at', '>', now)
          .where('alive_until', '>', now)
          .executeTakeFirst()
        return numUpdatedRows === 1n ? readReservation(tx, id) : null
      }),

    recordOpened: (id, seen) =>
      inTransaction(async (tx) => {
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

    end: (ids, outcome, now) =>
      inTransaction(async (tx) => {
        if (ids.length === 0) return []
        const ended = await tx
          .updateTable('reservations')
          .set({ state: 'ending', outcome, ended_at: now })
          .where('id', 'in', ids)
          .where('state', 'in', ['preparing', 'active'])
          .returning('id')
          .execute()
        if (ended.length > 0) {
          const theirs = ended.map((row) => row.id)
          await tx
            .updateTable('containers')
            .set(fromPatch(retired(null, now)))
            .where('state', '=', 'reserved')
            .where('name', 'in', (eb) =>
              eb.selectFrom('holds').select('container').where('reservation_id', 'in', theirs),
            )
            .execute()
        }
        const ending = await readReservations(tx, (eb) => eb.and([eb('id', 'in', ids), eb('state', '=', 'ending')]))
        return Promise.all(ending.map((reservation) => withContainers(tx, reservation)))
      }),

    finish: (id) =>
      inTransaction(async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('reservations')
          .set({ state: 'ended' })
          .where('id', '=', id)
          .where('state', '=', 'ending')
          .executeTakeFirst()
        if (numUpdatedRows === 0n) return false
        await tx.updateTable('holds').set({ open: null }).where('reservation_id', '=', id).execute()
        return true
      }),

    close: () => db.destroy(),
  }
}
