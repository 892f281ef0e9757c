/** What usage is made of. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Store } from '../../src/ports/store.ts'
import { NOW } from '../../lab/rows.ts'
import { claimOf } from '../../lab/claims.ts'
import { claimed, fill, MINUTE, type Open } from './store-bench.ts'

const at = (minutes: number) => NOW + minutes * MINUTE

/** "r1" stands for what its user name is. */
async function lent(store: Store, from: number, to: number, owner: string | null = null): Promise<string[]> {
  return (await store.usageRecords(at(from), at(to), owner)).map(({ username }) => username).toSorted()
}

export function usageVerb(open: Open): void {
  describe('usageRecords', () => {
    it('tells of each reservation what usage needs', async () => {
      const store = await open()
      await fill(store, 2)
      await fill(store, 1, 'q')
      await claimed(store, { owner: 'ci', count: 2, durationMs: 30 * MINUTE })
      await store.claim(claimOf({ id: 'r2', owner: 'bob', username: 'bob', count: 2, waitUntil: at(60) }), at(1))
      await claimed(store, { id: 'r3', pool: 'q', username: 'carol', durationMs: 5 * MINUTE })
      const one = { pool: 'p', count: 2, owner: 'ci', username: 'alice', createdAt: NOW }
      const other = { pool: 'p', count: 2, owner: 'bob', username: 'bob', createdAt: at(1), waited: true }
      const third = { pool: 'q', count: 1, owner: 'anyone', username: 'carol', createdAt: NOW, waited: false }
      const byUser = async () => {
        const rows = await store.usageRecords(NOW, at(100), null)
        return rows.toSorted((a, b) => (a.username < b.username ? -1 : 1))
      }
      const never = { activeAt: null, endsAt: null }
      assert.deepEqual(await byUser(), [
        { ...one, ...never, waited: false },
        { ...other, ...never },
        { ...third, ...never },
      ])
      await store.activate('r1', at(2))
      assert.deepEqual((await byUser())[0], { ...one, activeAt: at(2), endsAt: at(32), waited: false })
      // Over before the sweep got to it, over by release, over while it waited.
      await store.end(['r1'], { outcome: 'released' }, at(10))
      await store.end(['r2'], { outcome: 'failed', reason: 'why' }, at(11))
      await store.activate('r3', at(3))
      assert.deepEqual(await byUser(), [
        { ...one, activeAt: at(2), endsAt: at(10), waited: false },
        { ...other, activeAt: null, endsAt: at(11) },
        { ...third, activeAt: at(3), endsAt: at(8) },
      ])
    })

    it('ends when it counts as abandoned, if that is sooner', async () => {
      const store = await open()
      await fill(store, 1)
      await claimed(store, { keepaliveMs: 2 * MINUTE })
      await store.activate('r1', NOW)
      assert.equal((await store.usageRecords(NOW, at(1), null))[0]?.endsAt, at(2))
    })

    it('leaves out what was over before, and what came after', async () => {
      const store = await open()
      await fill(store, 3)
      for (const [index, id] of ['r1', 'r2', 'r3'].entries()) {
        await store.claim(claimOf({ id, username: id }), at(index * 10))
        await store.activate(id, at(index * 10))
      }
      await store.end(['r1'], { outcome: 'released' }, at(5))
      await store.end(['r2'], { outcome: 'released' }, at(15))
      for (const id of ['r1', 'r2']) await store.finish(id, at(16))
      assert.deepEqual(await lent(store, 0, 100), ['r1', 'r2', 'r3'])
      assert.deepEqual(await lent(store, 4, 10), ['r1'])
      assert.deepEqual(await lent(store, 5, 10), [])
      assert.deepEqual(await lent(store, 5, 11), ['r2'])
      assert.deepEqual(await lent(store, 14, 20), ['r2'])
      assert.deepEqual(await lent(store, 15, 20), [])
      assert.deepEqual(await lent(store, 1_000, 2_000), ['r3'], 'not swept, so it may still be running')
      assert.deepEqual(await lent(store, -5, 0), [])
    })

    it('is of one owner, where that is asked for', async () => {
      const store = await open()
      await fill(store, 2)
      await claimed(store, { owner: 'ci', username: 'r1' })
      await claimed(store, { id: 'r2', owner: 'bob', username: 'r2' })
      assert.deepEqual(await lent(store, 0, 1, 'ci'), ['r1'])
      assert.deepEqual(await lent(store, 0, 1, 'nobody'), [])
      assert.deepEqual(await lent(store, 0, 1), ['r1', 'r2'])
    })
  })
}
