/** Looking at reservations, and moving their ends. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ReservationFilter, Store } from '../../src/ports/store.ts'
import { NOW } from '../../lab/rows.ts'
import { claimOf } from '../../lab/claims.ts'
import { claimed, fill, namesOf, type Open } from './store-bench.ts'

const MINUTE = 60_000

export function listingVerbs(open: Open): void {
  describe('extend', () => {
    async function active(): Promise<{ store: Store; end: number }> {
      const store = await open()
      await fill(store, 1)
      await claimed(store)
      const reservation = await store.activate('r1', NOW)
      return { store, end: reservation?.expiresAt ?? 0 }
    }

    it('moves the end', async () => {
      const { store, end } = await active()
      const extended = await store.extend('r1', end, end + MINUTE, 'alice', NOW)
      assert.equal(extended?.expiresAt, end + MINUTE)
      assert.deepEqual(await store.reservation('r1'), extended)
    })

    it('does nothing when somebody else has moved it', async () => {
      const { store, end } = await active()
      await store.extend('r1', end, end + MINUTE, 'alice', NOW)
      assert.equal(await store.extend('r1', end, end + 9 * MINUTE, 'alice', NOW), null)
      assert.equal((await store.reservation('r1'))?.expiresAt, end + MINUTE)
    })

    it('does nothing from the end on, nor for what is being prepared or has ended', async () => {
      const { store, end } = await active()
      assert.equal(await store.extend('r1', end, end + MINUTE, 'alice', end), null)
      await store.end(['r1'], { outcome: 'released' }, NOW)
      assert.equal(await store.extend('r1', end, end + MINUTE, 'alice', NOW), null)
      await fill(store, 2)
      await claimed(store, { id: 'r2' })
      assert.equal(await store.extend('r2', end, end + MINUTE, 'alice', NOW), null)
    })
  })

  describe('keepAlive', () => {
    async function active(keepaliveMs: number | null): Promise<Store> {
      const store = await open()
      await fill(store, 1)
      await claimed(store, { keepaliveMs, durationMs: 60 * MINUTE })
      await store.activate('r1', NOW)
      return store
    }

    it('counts from activation, and from each call', async () => {
      const store = await active(MINUTE)
      assert.equal((await store.reservation('r1'))?.aliveUntil, NOW + MINUTE)
      assert.equal((await store.keepAlive('r1', NOW + 5))?.aliveUntil, NOW + MINUTE + 5)
    })

    it('comes too late once it is abandoned', async () => {
      const store = await active(MINUTE)
      assert.equal(await store.keepAlive('r1', NOW + MINUTE), null)
      assert.equal((await store.reservation('r1'))?.aliveUntil, NOW + MINUTE)
    })

    it('comes too late at the end, however alive', async () => {
      const store = await active(90 * MINUTE)
      assert.equal(await store.keepAlive('r1', NOW + 60 * MINUTE), null)
    })

    it('is renewed by a manager that starts, also when the calls of its downtime are missing', async () => {
      const store = await active(MINUTE)
      await store.renewKeepalives(NOW + 5 * MINUTE)
      assert.equal((await store.reservation('r1'))?.aliveUntil, NOW + 6 * MINUTE)
      await store.end(['r1'], { outcome: 'released', by: 'alice' }, NOW + 5 * MINUTE)
      await store.renewKeepalives(NOW + 9 * MINUTE)
      assert.equal((await store.reservation('r1'))?.aliveUntil, NOW + 6 * MINUTE)
    })

    it('changes nothing where no such calls are needed', async () => {
      const store = await active(null)
      assert.equal(await store.keepAlive('r1', NOW), null)
      await store.renewKeepalives(NOW)
      assert.equal((await store.reservation('r1'))?.aliveUntil, null)
    })
  })

  describe('held', () => {
    it('gives a reservation with the rows of its containers', async () => {
      const store = await open()
      await fill(store, 3)
      const { reservation, containers } = await claimed(store, { count: 2 })
      assert.deepEqual(await store.reservationWithContainers('r1'), { reservation, containers })
      assert.deepEqual(namesOf(containers), ['p-1', 'p-2'])
      assert.equal(await store.reservationWithContainers('r2'), null)
    })
  })

  describe('reservations', () => {
    async function several(): Promise<(filter: Partial<ReservationFilter>) => Promise<string[]>> {
      const store = await open()
      await fill(store, 5)
      await fill(store, 1, 'q')
      for (const [index, pool] of ['p', 'p', 'q', 'p'].entries()) {
        const claim = claimOf({ id: `r${index}`, pool, username: index % 2 ? 'odd' : 'even' })
        // Two of them at the same millisecond: the id decides.
        await store.claim(claim, NOW + Math.min(index, 2))
      }
      await store.activate('r1', NOW)
      return async (filter) => (await store.reservations({ limit: 10, ...filter })).map((held) => held.reservation.id)
    }

    it('are listed newest first', async () => {
      const list = await several()
      assert.deepEqual(await list({}), ['r3', 'r2', 'r1', 'r0'])
      assert.deepEqual(await list({ limit: 2 }), ['r3', 'r2'])
    })

    it('are listed by state, user and pool', async () => {
      const list = await several()
      assert.deepEqual(await list({ states: ['active'] }), ['r1'])
      assert.deepEqual(await list({ states: ['active', 'preparing'], username: 'even' }), ['r2', 'r0'])
      assert.deepEqual(await list({ states: ['ended', 'waiting'] }), [])
      assert.deepEqual(await list({ username: 'even' }), ['r2', 'r0'])
      assert.deepEqual(await list({ pool: 'p', username: 'even' }), ['r0'])
      assert.deepEqual(await list({ pool: 'none' }), [])
    })

    it('go on after the last one of a page, also between two of the same millisecond', async () => {
      const list = await several()
      assert.deepEqual(await list({ after: { createdAt: NOW + 2, id: 'r3' }, limit: 2 }), ['r2', 'r1'])
      assert.deepEqual(await list({ after: { createdAt: NOW + 1, id: 'r1' } }), ['r0'])
      assert.deepEqual(await list({ after: { createdAt: NOW, id: 'r0' } }), [])
    })
  })
}
