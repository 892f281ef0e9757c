import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Claim, Store } from '../../src/ports/store.ts'
import { NOW } from '../../lab/rows.ts'
import { claimOf } from '../../lab/claims.ts'
import { claimed, fill, MINUTE, namesOf, type Open, statesOf } from './store-bench.ts'

const LATER = NOW + 1_000
const HOUR = 60 * MINUTE
const SOON = NOW + 10 * MINUTE
const LEASE = NOW + 20_000

const request = { key: 'hash of the key', body: 'mac of the body', salt: 'salt' }

/** A claim that cannot be met now and waits. */
async function queued(store: Store, id: string, some: Partial<Claim> = {}): Promise<void> {
  const answer = await store.claim(claimOf({ id, waitUntil: SOON, ...some }), NOW)
  assert.equal(answer.kind, 'waiting', id)
}

export function queueVerbs(open: Open): void {
  describe('claim, when there are not enough', () => {
    it('waits at the end of the queue when it can, and takes nothing yet', async () => {
      const store = await open()
      await fill(store, 1)
      const before = await statesOf(store)
      const first = await store.claim(claimOf({ count: 2, waitUntil: SOON, keepaliveMs: MINUTE }), NOW)
      assert.ok(first.kind === 'waiting')
      const { state, promised, waitUntil, position, aliveUntil, holds, activeAt } = first.result.reservation
      assert.deepEqual(
        { state, promised, waitUntil, aliveUntil, holds, activeAt },
        {
          ...{ state: 'waiting', promised: true, waitUntil: SOON },
          aliveUntil: NOW + MINUTE,
          holds: [],
          activeAt: null,
        },
      )
      assert.deepEqual(await statesOf(store), before)
      await queued(store, 'r2')
      const second = await store.reservation('r2')
      assert.ok(position !== null && (second?.position ?? 0) > position)
    })

    it('does not pass those that wait, though there would be enough for it', async () => {
      const store = await open()
      await fill(store, 3)
      await queued(store, 'large', { count: 4 })
      assert.deepEqual(await store.claim(claimOf({ id: 'small' }), NOW), { kind: 'short', available: 0, waiting: 1 })
      await queued(store, 'patient')
      await fill(store, 1, 'q')
      await claimed(store, { id: 'elsewhere', pool: 'q' })
    })

    it('passes those whose time to wait is over, or that nobody keeps alive, before any sweep', async () => {
      const store = await open()
      await fill(store, 1)
      await queued(store, 'short', { count: 2, waitUntil: NOW + 1 })
      await queued(store, 'dead', { count: 2, keepaliveMs: 1 })
      assert.equal((await store.claim(claimOf({ id: 'next' }), NOW)).kind, 'short')
      assert.equal((await store.claim(claimOf({ id: 'next' }), NOW + 1)).kind, 'claimed')
    })
  })

  describe('assign', () => {
    it('gives the first of the queue the lowest ready ones, when there are enough', async () => {
      const store = await open()
      await fill(store, 2)
      await queued(store, 'r1', { count: 3 })
      await queued(store, 'r2')
      assert.equal(await store.assign('r1', LEASE, LATER), null, 'not enough')
      assert.equal(await store.assign('r2', LEASE, LATER), null, 'not its turn')
      assert.equal(await store.assign('nobody', LEASE, LATER), null)
      await store.addContainers([{ pool: 'p', number: 3, port: 2_223 }], NOW)
      await fill(store, 3)
      const held = await store.assign('r1', LEASE, LATER)
      assert.deepEqual(namesOf(held?.containers ?? []), ['p-1', 'p-2', 'p-3'])
      const { state, prepareBy } = held?.reservation ?? {}
      assert.deepEqual({ state, prepareBy }, { state: 'preparing', prepareBy: LEASE })
      assert.deepEqual(await statesOf(store), ['p-1 reserved 1', 'p-2 reserved 1', 'p-3 reserved 1'])
      assert.equal(await store.assign('r1', LEASE, LATER), null, 'once')
      assert.equal((await store.activate('r1', LATER))?.state, 'active')
    })

    it('goes by pool, and steps over those whose time to wait is over', async () => {
      const store = await open()
      await queued(store, 'gone', { waitUntil: NOW + 500 })
      await queued(store, 'other', { pool: 'q' })
      await queued(store, 'next')
      await fill(store, 1)
      assert.equal(await store.assign('gone', LEASE, LATER), null)
      assert.equal((await store.assign('next', LEASE, LATER))?.reservation.id, 'next')
    })

    it('gives each container once, however many ask at the same time', async () => {
      const store = await open()
      for (let nth = 0; nth < 20; nth += 1) await queued(store, `r${nth}`)
      await fill(store, 5)
      const ids = Array.from({ length: 20 }, (_, nth) => `r${nth}`)
      const held = await Promise.all(ids.map((id) => store.assign(id, LEASE, LATER)))
      assert.deepEqual(
        held.flatMap((one) => one?.reservation.id ?? []),
        ['r0', 'r1', 'r2', 'r3', 'r4'],
      )
    })
  })

  describe('a reservation that waits', () => {
    it('is kept alive until then, and not once it is too late', async () => {
      const store = await open()
      await queued(store, 'r1', { keepaliveMs: MINUTE })
      assert.equal((await store.keepAlive('r1', LATER))?.aliveUntil, LATER + MINUTE)
      assert.equal(await store.keepAlive('r1', LATER + MINUTE), null)
    })

    it('ends at once, as there is nobody to be cut off', async () => {
      const store = await open()
      await queued(store, 'r1')
      await queued(store, 'r2')
      assert.deepEqual(await store.end(['r1'], { outcome: 'released', by: 'alice' }, LATER), [])
      assert.deepEqual(await store.end(['r2'], { outcome: 'failed', reason: 'none came free' }, LATER), [])
      const brief = async (id: string) => {
        const { state, outcome, reason, endedAt } = (await store.reservation(id)) ?? {}
        return { state, outcome, reason, endedAt }
      }
      assert.deepEqual(await brief('r1'), { state: 'ended', outcome: 'cancelled', reason: null, endedAt: LATER })
      assert.deepEqual(await brief('r2'), {
        state: 'ended',
        outcome: 'failed',
        reason: 'none came free',
        endedAt: LATER,
      })
    })
  })

  describe('the quota of an owner', () => {
    it('counts what waits, prepares and is active, and nothing else', async () => {
      const store = await open()
      await fill(store, 9)
      const ask = (id: string, count: number, now = NOW) =>
        store.claim(claimOf({ id, count, quota: 4, owner: 'ann', waitUntil: SOON }), now)
      await claimed(store, { id: 'else', owner: 'bob', count: 2 })
      assert.equal((await ask('r1', 2)).kind, 'claimed')
      assert.equal((await ask('r2', 1)).kind, 'claimed')
      assert.deepEqual(await ask('r3', 2), { kind: 'over_quota', has: 3 })
      await store.activate('r1', NOW)
      assert.deepEqual(await ask('r3', 2), { kind: 'over_quota', has: 3 }, 'active ones count')
      assert.equal((await ask('r3', 2, NOW + 5 * MINUTE)).kind, 'claimed', 'their time is up')
      await store.end(['r2', 'r3'], { outcome: 'released' }, LATER)
      assert.equal((await ask('r4', 4, NOW + 5 * MINUTE)).kind, 'waiting', 'only three are left')
      assert.deepEqual(await ask('r5', 1, NOW + 5 * MINUTE), { kind: 'over_quota', has: 4 }, 'waiting ones count')
    })
  })

  describe('the queue of an owner', () => {
    it('has 250 places, whatever their limits; those of others are not touched, and one that ends makes room', async () => {
      const store = await open()
      const ask = (id: string, owner: string) => store.claim(claimOf({ id, owner, waitUntil: SOON }), NOW)
      for (let nth = 0; nth < 250; nth += 1) assert.equal((await ask(`r${nth}`, 'ann')).kind, 'waiting')
      assert.deepEqual(await ask('more', 'ann'), { kind: 'queue_full', most: 250 })
      assert.equal(await store.reservation('more'), null)
      assert.equal((await ask('bob', 'bob')).kind, 'waiting')
      await store.end(['r7'], { outcome: 'released' }, NOW)
      assert.equal((await ask('more', 'ann')).kind, 'waiting')
    })
  })

  describe('takeOverPreparation', () => {
    it('takes up a preparation from exactly the time that was seen', async () => {
      const store = await open()
      await fill(store, 1)
      const { reservation, containers } = await claimed(store)
      const { prepareBy } = reservation
      assert.equal(await store.takeOverPreparation('r1', prepareBy + 1, LEASE), null)
      assert.deepEqual(await store.takeOverPreparation('r1', prepareBy, LEASE), {
        reservation: { ...reservation, prepareBy: LEASE },
        containers,
      })
      assert.equal(await store.takeOverPreparation('r1', prepareBy, LEASE), null, 'somebody else has')
      await store.activate('r1', NOW)
      assert.equal(await store.takeOverPreparation('r1', LEASE, LEASE + 1), null, 'no preparation any more')
    })
  })

  describe('a request that is sent again', () => {
    it('gives what became of the first one, for 24 hours', async () => {
      const store = await open()
      await fill(store, 3)
      const { reservation, containers } = await claimed(store, { request })
      assert.equal(reservation.promised, true)
      const earlier = { body: request.body, salt: 'salt', result: { reservation, containers } }
      const again = claimOf({ id: 'r2', request: { ...request, body: 'another', salt: 'new' } })
      assert.deepEqual(await store.claim(again, LATER), { kind: 'repeated', earlier })
      assert.deepEqual(await store.earlier('anyone', request.key, LATER), earlier)
      assert.equal(await store.earlier('somebody', request.key, LATER), null)
      assert.equal(await store.earlier('anyone', 'another key', LATER), null)
      assert.equal((await store.earlier('anyone', request.key, NOW + 24 * HOUR - 1))?.salt, 'salt')
      assert.equal(await store.earlier('anyone', request.key, NOW + 24 * HOUR), null)
      assert.equal((await store.claim(again, NOW + 24 * HOUR)).kind, 'claimed')
      assert.equal((await store.earlier('anyone', request.key, NOW + 24 * HOUR))?.salt, 'new')
    })

    it('is a new attempt after one that failed while it was made', async () => {
      const store = await open()
      await fill(store, 3)
      await claimed(store, { request })
      await store.end(['r1'], { outcome: 'failed', reason: 'no sshd' }, NOW)
      assert.equal(await store.earlier('anyone', request.key, LATER), null)
      await claimed(store, { id: 'r2', request: { ...request, salt: 'new' } })
      assert.equal((await store.earlier('anyone', request.key, LATER))?.result.reservation.id, 'r2')
    })

    it('still gives one that waited in vain, or was released', async () => {
      const store = await open()
      await queued(store, 'r1', { request })
      await store.end(['r1'], { outcome: 'failed', reason: 'none came free' }, LATER)
      assert.equal((await store.earlier('anyone', request.key, LATER))?.result.reservation.id, 'r1')
    })

    it('makes one reservation of 50 that come at once', async () => {
      const store = await open()
      await fill(store, 10)
      const asked = Array.from({ length: 50 }, (_, nth) => store.claim(claimOf({ id: `r${nth}`, request }), NOW))
      const answers = await Promise.all(asked)
      assert.equal(answers.filter((answer) => answer.kind === 'claimed').length, 1)
      assert.equal(answers.filter((answer) => answer.kind === 'repeated').length, 49)
      assert.equal((await store.snapshot()).reservations.length, 1)
    })
  })

  describe('recordNotified', () => {
    it('notes what terminals were told, for the end that it has now', async () => {
      const store = await open()
      await fill(store, 1)
      const end = NOW + 5 * MINUTE
      await claimed(store)
      assert.equal(await store.recordNotified('r1', end, null), false, 'while preparing')
      await store.activate('r1', NOW)
      assert.equal((await store.reservation('r1'))?.notifiedEnd, end)
      assert.equal(await store.recordNotified('r1', end, MINUTE), true)
      await store.extend('r1', end, end + MINUTE, 'alice', NOW)
      const { notifiedEnd, notifiedLeft } = (await store.reservation('r1')) ?? {}
      assert.deepEqual(
        { notifiedEnd: notifiedEnd, notifiedLeft: notifiedLeft },
        { notifiedEnd: end, notifiedLeft: MINUTE },
      )
      assert.equal(await store.recordNotified('r1', end, null), false, 'of an end that was moved')
      assert.equal(await store.recordNotified('r1', end + MINUTE, null), true)
      assert.equal((await store.reservation('r1'))?.notifiedLeft, null)
    })
  })
}
