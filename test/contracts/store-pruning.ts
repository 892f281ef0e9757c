import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Store } from '../../src/ports/store.ts'
import { NOW } from '../../lab/rows.ts'
import { claimed, fill, type Open } from './store-bench.ts'

const request = { key: 'key', body: 'body', salt: 'salt' }

/** Of one container, one after the other: each ends a second after the one before. */
async function lives(store: Store, count: number): Promise<void> {
  for (let nth = 1; nth <= count; nth += 1) {
    await claimed(store, { id: `r${nth}`, request: { ...request, key: `key ${nth}` } })
    await store.end([`r${nth}`], { outcome: 'released' }, NOW + nth * 1_000)
    await store.finish(`r${nth}`, NOW + nth * 1_000)
  }
}

const idsOf = async (store: Store) =>
  (await store.reservations({ limit: 100 })).map((held) => held.reservation.id).toSorted()

export function pruningVerbs(open: Open): void {
  describe('prune', () => {
    it('forgets what ended before, with all that refers to it, and nothing else', async () => {
      const store = await open()
      await fill(store, 9)
      await lives(store, 4)
      await claimed(store, { id: 'open' })
      await claimed(store, { id: 'ending' })
      await store.end(['ending'], { outcome: 'expired' }, NOW)
      const before = await store.snapshot()
      const gone = await store.prune(NOW + 3_000, 100)
      assert.equal(gone.reservations, 2)
      assert.deepEqual(await idsOf(store), ['ending', 'open', 'r3', 'r4'])
      assert.deepEqual(await store.snapshot(), before)
      assert.equal(await store.earlier('anyone', 'key 2', NOW + 3_000), null)
      assert.equal((await store.earlier('anyone', 'key 3', NOW + 3_000))?.result.reservation.id, 'r3')
    })

    it('goes a few at a time, the oldest first', async () => {
      const store = await open()
      await fill(store, 9)
      await lives(store, 5)
      const gone: number[] = []
      for (let round = 0; round < 4; round += 1) gone.push((await store.prune(NOW + 10_000, 2)).reservations)
      assert.deepEqual(gone, [2, 2, 1, 0])
      assert.deepEqual(await idsOf(store), [])
    })

    it('forgets events from before, but never the latest', async () => {
      const store = await open()
      await fill(store, 9)
      await lives(store, 3)
      const all = await store.events({ after: 0, limit: 1_000 })
      const old = all.filter(({ at }) => at < NOW + 2_000)
      assert.ok(old.length > 5)
      assert.equal((await store.prune(NOW + 2_000, 4)).events, 4)
      assert.equal((await store.prune(NOW + 2_000, 1_000)).events, old.length - 4)
      const kept = await store.events({ after: 0, limit: 1_000 })
      assert.deepEqual(
        kept,
        all.filter(({ at }) => at >= NOW + 2_000),
      )
      const latest = await store.latestEvent()
      await store.prune(NOW + 1e9, 1_000)
      assert.equal(await store.latestEvent(), latest)
      assert.equal((await store.events({ after: 0, limit: 10 })).length, 1)
      await claimed(store, { id: 'next' })
      assert.ok((await store.latestEvent()) > latest)
    })

    it('has nothing to do in a new database', async () => {
      const store = await open()
      assert.deepEqual(await store.prune(NOW, 10), { reservations: 0, events: 0 })
    })
  })
}
