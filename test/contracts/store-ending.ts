import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NOW } from '../../lab/rows.ts'
import { claimOf } from '../../lab/claims.ts'
import { claimed, fill, namesOf, type Open, rowOf, statesOf } from './store-bench.ts'

const LATER = NOW + 1_000

export function endingVerbs(open: Open): void {
  describe('end', () => {
    it('ends what is preparing and what is active, and sends their containers away', async () => {
      const store = await open()
      await fill(store, 4)
      await claimed(store, { count: 2 })
      await claimed(store, { id: 'r2' })
      await claimed(store, { id: 'r3' })
      const active = await store.activate('r1', NOW)
      await store.updateContainer(await rowOf(store, 'p-1'), { attempts: 1, retryAt: LATER, error: 'stumbled' }, NOW)
      const ending = await store.end(['r1', 'r2', 'nobody'], { outcome: 'expired' }, LATER)
      assert.deepEqual(
        ending.map(({ reservation, containers }) => [reservation.id, ...namesOf(containers)]),
        [
          ['r1', 'p-1', 'p-2'],
          ['r2', 'p-3'],
        ],
      )
      const erased = { passwordHash: null, sshKeys: [] }
      const ended = { state: 'ending', outcome: 'expired', endedAt: LATER }
      assert.deepEqual(ending[0]?.reservation, { ...active, ...erased, ...ended })
      assert.deepEqual(await statesOf(store), ['p-1 removing 1', 'p-2 removing 1', 'p-3 removing 1', 'p-4 reserved 1'])
      const { since, retryAt, error } = await rowOf(store, 'p-1')
      assert.deepEqual({ since, retryAt, error }, { since: LATER, retryAt: 0, error: null })
      assert.deepEqual(ending[0]?.containers[0], await rowOf(store, 'p-1'))
      assert.equal((await store.reservation('r3'))?.state, 'preparing')
    })

    it('ends only what is still as it was seen', async () => {
      const store = await open()
      await fill(store, 1)
      await claimed(store)
      const active = await store.activate('r1', NOW)
      assert.ok(active?.expiresAt)
      const { state, expiresAt, aliveUntil, prepareBy } = active
      const ending = { outcome: 'expired', seen: { state, expiresAt, aliveUntil, prepareBy } } as const
      await store.extend('r1', expiresAt, expiresAt + 1, 'anyone', LATER)
      assert.deepEqual(await store.end(['r1'], ending, LATER), [])
      assert.equal((await store.reservation('r1'))?.state, 'active')
      const again = { ...ending, seen: { ...ending.seen, expiresAt: expiresAt + 1 } }
      assert.equal((await store.end(['r1'], again, LATER)).length, 1)
    })

    it('gives the containers in natural order', async () => {
      const store = await open()
      await fill(store, 12)
      await claimed(store, { count: 12 })
      const [held] = await store.end(['r1'], { outcome: 'released' }, NOW)
      assert.deepEqual(
        held?.containers.map((c) => c.number),
        Array.from({ length: 12 }, (_, index) => index + 1),
      )
    })

    it('done again, gives the same and changes nothing', async () => {
      const store = await open()
      await fill(store, 2)
      await claimed(store, { count: 2 })
      const first = await store.end(['r1'], { outcome: 'released' }, NOW)
      // Its container is on its way already.
      await store.updateContainer(await rowOf(store, 'p-1'), { state: 'creating', generation: 2 }, NOW)
      const before = await store.snapshot()
      const second = await store.end(['r1'], { outcome: 'expired' }, LATER)
      assert.deepEqual(
        second.map((held) => held.reservation),
        first.map((held) => held.reservation),
      )
      assert.deepEqual(await store.snapshot(), before)
    })

    it('gives nothing for what has ended, and for nothing', async () => {
      const store = await open()
      await fill(store, 1)
      await claimed(store)
      await store.activate('r1', NOW)
      await store.end(['r1'], { outcome: 'released' }, NOW)
      await store.finish('r1', NOW)
      assert.deepEqual(await store.end(['r1'], { outcome: 'expired' }, LATER), [])
      assert.deepEqual(await store.end([], { outcome: 'expired' }, LATER), [])
      assert.equal((await store.reservation('r1'))?.outcome, 'released')
    })
  })

  describe('finish', () => {
    it('follows the end, once', async () => {
      const store = await open()
      await fill(store, 1)
      await claimed(store)
      assert.equal(await store.finish('r1', NOW), false, 'while preparing')
      await store.activate('r1', NOW)
      assert.equal(await store.finish('r1', NOW), false, 'while active')
      const [ending] = await store.end(['r1'], { outcome: 'released' }, NOW)
      assert.equal(await store.finish('r1', NOW), true)
      assert.equal(await store.finish('r1', NOW), false, 'again')
      assert.equal(await store.finish('nobody', NOW), false)
      assert.deepEqual(await store.reservation('r1'), { ...ending?.reservation, state: 'ended' })
      assert.deepEqual((await store.snapshot()).reservations, [])
    })

    it('lets the container be held again, and not before', async () => {
      const store = await open()
      await fill(store, 1)
      await claimed(store)
      await store.end(['r1'], { outcome: 'released' }, NOW)
      // Whoever calls it ready now is mistaken: somebody may still be logged in.
      await store.updateContainer(await rowOf(store, 'p-1'), { state: 'ready', generation: 2 }, NOW)
      const before = await store.snapshot()
      await assert.rejects(store.claim(claimOf({ id: 'r2' }), NOW))
      assert.deepEqual(await store.snapshot(), before)
      await store.finish('r1', NOW)
      assert.deepEqual(namesOf((await claimed(store, { id: 'r2' })).containers), ['p-1'])
    })
  })
}
