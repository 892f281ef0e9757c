import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resetting, replacement } from '../../src/domain/container.ts'
import { NOW } from '../../lab/rows.ts'
import { claimOf } from '../../lab/claims.ts'
import { claimed, fill, MINUTE, type Open, rowOf } from './store-bench.ts'

const END = NOW + 300_000
const LATER = NOW + 1_000
const TERMS = { from: END, to: LATER + 10 * MINUTE, mostContainers: 2 }

export function onHoldVerbs(open: Open): void {
  describe('a name', () => {
    it('is unique among the reservations of an owner that have not ended', async () => {
      const store = await open()
      await fill(store, 5)
      const { reservation } = await claimed(store, { name: 'web' })
      assert.equal(reservation.name, 'web')
      const again = claimOf({ id: 'r2', name: 'web' })
      assert.deepEqual(await store.claim(again, NOW), { kind: 'name_taken', holder: 'r1' })
      assert.equal((await store.claim({ ...again, id: 'r3', owner: 'bob' }, NOW)).kind, 'claimed')
      assert.equal((await store.claim({ ...again, id: 'r4', name: 'db' }, NOW)).kind, 'claimed')
      assert.equal((await store.claim({ ...again, id: 'r5', name: null }, NOW)).kind, 'claimed')
      await store.activate('r1', NOW)
      // Its time is up, even if no sweep has ended it yet.
      assert.equal((await store.claim(again, END)).kind, 'claimed')
    })

    it('belongs to a waiting reservation, too, until its deadline', async () => {
      const store = await open()
      const waiting = claimOf({ name: 'web', waitUntil: NOW + MINUTE })
      assert.equal((await store.claim(waiting, NOW)).kind, 'waiting')
      assert.deepEqual(await store.claim({ ...waiting, id: 'r2' }, NOW), { kind: 'name_taken', holder: 'r1' })
      const later = { ...waiting, id: 'r2', waitUntil: NOW + 5 * MINUTE }
      assert.equal((await store.claim(later, NOW + MINUTE)).kind, 'waiting')
    })

    it('is free again when its reservation is released', async () => {
      const store = await open()
      await fill(store, 2)
      await claimed(store, { name: 'web' })
      await store.end(['r1'], { outcome: 'released' }, NOW)
      assert.equal((await store.claim(claimOf({ id: 'r2', name: 'web' }), NOW)).kind, 'claimed')
    })
  })

  describe('setNote', () => {
    it('sets and removes the note of a reservation that has not ended, with an event of each change', async () => {
      const store = await open()
      await fill(store, 1)
      await claimed(store, { note: 'draft' })
      assert.equal((await store.setNote('r1', 'exam', 'alice', LATER))?.note, 'exam')
      assert.equal((await store.setNote('r1', 'exam', 'alice', LATER))?.note, 'exam')
      assert.equal((await store.setNote('r1', null, 'bob', LATER))?.note, null)
      const events = await store.events({ after: 0, limit: 9, kind: 'reservation.noted' })
      const seen = events.map(({ by, detail }) => [by, detail])
      assert.deepEqual(seen, [
        ['alice', 'exam'],
        ['bob', null],
      ])
      await store.activate('r1', NOW)
      assert.equal(await store.setNote('r1', 'late', 'alice', END), null, 'its time is up, but no sweep has ended it')
      await store.end(['r1'], { outcome: 'released' }, LATER)
      assert.equal(await store.setNote('r1', 'late', 'alice', LATER), null)
      assert.equal((await store.reservation('r1'))?.note, null)
      assert.equal(await store.setNote('nothing', 'late', 'alice', LATER), null)
    })
  })

  describe('putOnHold', () => {
    it('moves the end, drops the keepalive, and happens once', async () => {
      const store = await open()
      await fill(store, 1)
      await claimed(store, { keepaliveMs: 2 * MINUTE })
      await store.activate('r1', NOW)
      const held = await store.putOnHold('r1', TERMS, 'alice', LATER)
      assert.ok(held !== null && held !== 'full')
      assert.deepEqual([held.heldAt, held.expiresAt, held.keepaliveMs, held.aliveUntil], [LATER, TERMS.to, null, null])
      assert.equal(await store.putOnHold('r1', { ...TERMS, from: TERMS.to }, 'alice', LATER), null)
      const [event] = await store.events({ after: 0, limit: 9, kind: 'reservation.held' })
      assert.deepEqual(
        [event?.by, event?.reservation, event?.detail],
        ['alice', 'r1', `until ${new Date(TERMS.to).toISOString()}`],
      )
    })

    it('changes nothing once the end was moved or has come, or before it is active', async () => {
      const store = await open()
      await fill(store, 1)
      await claimed(store, { keepaliveMs: MINUTE })
      assert.equal(await store.putOnHold('r1', TERMS, 'alice', LATER), null)
      await store.activate('r1', NOW)
      assert.equal(await store.putOnHold('r1', { ...TERMS, from: END - 1 }, 'alice', LATER), null)
      assert.equal(await store.putOnHold('r1', TERMS, 'alice', NOW + MINUTE), null, 'it is abandoned')
      assert.equal(await store.putOnHold('r1', TERMS, 'alice', END), null)
      assert.equal((await store.reservation('r1'))?.heldAt, null)
    })

    it('counts the containers of the pool that are on hold', async () => {
      const store = await open()
      await fill(store, 4)
      for (const id of ['r1', 'r2', 'r3']) {
        await claimed(store, { id, count: id === 'r1' ? 2 : 1 })
        await store.activate(id, NOW)
      }
      assert.notEqual(await store.putOnHold('r2', TERMS, 'alice', LATER), 'full')
      assert.equal(await store.putOnHold('r1', TERMS, 'alice', LATER), 'full')
      const held = await store.putOnHold('r3', TERMS, 'alice', LATER)
      assert.ok(held !== null && held !== 'full')
      await store.end(['r2', 'r3'], { outcome: 'released' }, LATER)
      assert.notEqual(await store.putOnHold('r1', TERMS, 'alice', LATER), 'full')
    })
  })

  describe('a reset', () => {
    it('is recorded with who asked, and forgotten when the next generation begins', async () => {
      const store = await open()
      await fill(store, 1)
      await claimed(store)
      await store.activate('r1', NOW)
      const row = await rowOf(store, 'p-1')
      assert.ok(await store.updateContainer(row, resetting(LATER), LATER, 'alice'))
      const wanted = await rowOf(store, 'p-1')
      assert.deepEqual([wanted.resetAt, wanted.engineId], [LATER, row.engineId])
      assert.ok(await store.updateContainer(wanted, replacement(wanted), LATER))
      assert.equal((await rowOf(store, 'p-1')).resetAt, null)
      const events = await store.events({ after: 0, limit: 99, container: 'p-1' })
      assert.deepEqual(
        events.slice(-2).map(({ kind, by, reservation, detail }) => [kind, by, reservation, detail]),
        [
          ['container.reset', 'alice', 'r1', null],
          ['container.replaced', 'berth', 'r1', 'reset on request'],
        ],
      )
    })
  })
}
