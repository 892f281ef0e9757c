/** Sizes that take the place of berth.yml's. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ContainerState } from '../../src/domain/container.ts'
import type { Store } from '../../src/ports/store.ts'
import { NOW } from '../../lab/rows.ts'
import { claimOf } from '../../lab/claims.ts'
import { claimed, fill, type Open, rowOf, statesOf } from './store-bench.ts'

const LATER = NOW + 1_000
const pinned = (size: number) => ({ size, pinned: true })

async function sizesOf(store: Store): Promise<Record<string, number>> {
  return Object.fromEntries((await store.snapshot()).sizes)
}

async function eventsSince(store: Store, after: number): Promise<string[]> {
  const events = await store.events({ after, limit: 100 })
  return events.map(({ kind, container, by, detail }) => `${kind} ${container ?? ''} by ${by}: ${detail}`)
}

export function poolVerbs(open: Open): void {
  describe('resizePool', () => {
    it('remembers a size for each pool, the last one, and forgets it', async () => {
      const store = await open()
      assert.deepEqual(await sizesOf(store), {})
      assert.equal(await store.resizePool('p', pinned(3), 'root', NOW), true)
      assert.equal(await store.resizePool('q', pinned(0), 'root', NOW), true)
      assert.equal(await store.resizePool('p', pinned(5), 'root', NOW), true)
      assert.deepEqual(await sizesOf(store), { p: 5, q: 0 })
      assert.equal(await store.resizePool('p', { size: 5, pinned: false }, 'root', NOW), true)
      assert.deepEqual(await sizesOf(store), { q: 0 })
    })

    it('leaves a mark in the audit log, but not when it is so already', async () => {
      const store = await open()
      for (const to of [pinned(3), pinned(3), { size: 2, pinned: false }, { size: 2, pinned: false }]) {
        await store.resizePool('p', to, 'root', NOW)
      }
      const scaled = await store.events({ after: 0, limit: 9 })
      assert.deepEqual(
        scaled.map(({ kind, by, pool, detail }) => `${kind} ${pool} by ${by}: ${detail}`),
        ['pool.scaled p by root: 3', 'pool.scaled p by root: 2, as in berth.yml'],
      )
    })

    for (const to of [pinned(1), { size: 1, pinned: false }]) {
      it(`never goes below what is held: ${JSON.stringify(to)}`, async () => {
        const store = await open()
        await fill(store, 4)
        await fill(store, 3, 'q')
        await store.resizePool('p', pinned(4), 'root', NOW)
        await claimed(store, { count: 2 })
        await claimed(store, { id: 'r2', pool: 'q', count: 3 })
        const [before, last] = [await store.snapshot(), await store.latestEvent()]
        assert.deepEqual(await store.resizePool('p', to, 'root', LATER), { reserved: 2 })
        assert.deepEqual([await store.snapshot(), await store.latestEvent()], [before, last])
        assert.equal(await store.resizePool('p', { ...to, size: 2 }, 'root', LATER), true)
      })
    }

    it('sends away what nobody holds beyond it, and nothing else', async () => {
      const store = await open()
      await fill(store, 9)
      await fill(store, 9, 'q')
      await store.claim(claimOf({ count: 3 }), NOW)
      const states: ContainerState[] = ['creating', 'broken', 'quarantined', 'removing']
      for (const [index, state] of states.entries()) {
        await store.updateContainer(await rowOf(store, `p-${index + 4}`), { state, retryAt: LATER, error: 'why' }, NOW)
      }
      const last = await store.latestEvent()
      assert.equal(await store.resizePool('p', pinned(3), 'root', LATER), true)
      const all = await statesOf(store)
      assert.deepEqual(all.slice(0, 9), [
        ...['p-1 reserved 1', 'p-2 reserved 1', 'p-3 reserved 1', 'p-4 removing 1', 'p-5 removing 1'],
        ...['p-6 quarantined 1', 'p-7 removing 1', 'p-8 removing 1', 'p-9 removing 1'],
      ])
      assert.ok(all.slice(9).every((row) => row.includes('ready')))
      assert.deepEqual(await eventsSince(store, last), [
        'pool.scaled  by root: 3',
        ...['p-4', 'p-5', 'p-8', 'p-9'].map((name) => `container.removing ${name} by root: the pool has shrunk`),
      ])
      const { since, retryAt, error } = await rowOf(store, 'p-4')
      assert.deepEqual({ since, retryAt, error }, { since: LATER, retryAt: 0, error: 'the pool has shrunk' })
      assert.deepEqual([(await rowOf(store, 'p-7')).error, (await rowOf(store, 'p-7')).retryAt], ['why', LATER])
    })

    it('fences off who was at work in what has gone', async () => {
      const store = await open()
      await fill(store, 2)
      const seen = await rowOf(store, 'p-2')
      await store.resizePool('p', pinned(1), 'root', LATER)
      assert.equal(await store.updateContainer(seen, { state: 'broken' }, LATER), false)
    })
  })

  describe('beyond the size of a pool', () => {
    /** p-3 and p-4 have become ready since: their work was under way. */
    async function beyond(): Promise<Store> {
      const store = await open()
      await fill(store, 4)
      await fill(store, 4, 'q')
      await store.resizePool('p', pinned(2), 'root', NOW)
      for (const name of ['p-3', 'p-4']) await store.updateContainer(await rowOf(store, name), { state: 'ready' }, NOW)
      return store
    }

    it('nothing is claimed', async () => {
      const store = await beyond()
      assert.deepEqual(await store.claim(claimOf({ count: 3 }), NOW), { kind: 'short', available: 2, waiting: 0 })
      assert.equal((await store.claim(claimOf({ count: 2 }), NOW)).kind, 'claimed')
      assert.equal((await store.claim(claimOf({ id: 'r2', pool: 'q', count: 4 }), NOW)).kind, 'claimed')
    })

    it('nothing is assigned, and nothing is swapped for it', async () => {
      const store = await beyond()
      await claimed(store, { count: 2 })
      await store.claim(claimOf({ id: 'r2', waitUntil: LATER }), NOW)
      assert.equal(await store.assign('r2', LATER, NOW), null)
      assert.equal(await store.substitute('r1', 'p-1', 'no sshd', NOW), null)
    })

    it('it can be had again once the pool has grown', async () => {
      const store = await beyond()
      await store.resizePool('p', pinned(4), 'root', NOW)
      assert.equal((await store.claim(claimOf({ count: 4 }), NOW)).kind, 'claimed')
    })
  })
}
