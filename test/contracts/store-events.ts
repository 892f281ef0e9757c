/** The audit log: every change of a state, with who, what and when, in the transaction of the change itself. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BerthEvent, EventFilter } from '../../src/domain/event.ts'
import type { Store } from '../../src/ports/store.ts'
import { NOW } from '../../lab/rows.ts'
import { claimOf } from '../../lab/claims.ts'
import { claimed, fill, type Open, places, rowOf } from './store-bench.ts'

const NOTHING = { pool: null, container: null, generation: null, reservation: null, owner: null, username: null }

/** All of them, after what the preparation of a test has left. */
async function since(store: Store, after: number, some: Partial<EventFilter> = {}): Promise<BerthEvent[]> {
  return store.events({ limit: 1_000, ...some, after })
}

/** What `work` appends: "container.ready p-1 by berth" for each. */
async function appended(store: Store, work: () => Promise<unknown>): Promise<string[]> {
  const last = await store.latestEvent()
  await work().catch(() => undefined)
  return (await since(store, last)).map(brief)
}

function brief({ kind, by, container, generation, reservation, detail }: BerthEvent): string {
  const of = container === null ? '' : ` ${container}/${generation}`
  const held = reservation === null ? '' : ` for ${reservation}`
  return `${kind}${of}${held} by ${by}${detail === null ? '' : `: ${detail}`}`
}

export function eventVerbs(open: Open): void {
  describe('events', () => {
    it('tell the life of a reservation, with all there is to know of each change', async () => {
      const store = await open()
      await fill(store, 1)
      const last = await store.latestEvent()
      await claimed(store, { owner: 'ci' })
      const active = await store.activate('r1', NOW + 1)
      const end = active?.expiresAt ?? 0
      await store.extend('r1', end, end + 60_000, 'root', NOW + 2)
      await store.end(['r1'], { outcome: 'released', by: 'ci' }, NOW + 3)
      await store.finish('r1', NOW + 4)
      const events = await since(store, last)
      const about = { ...NOTHING, pool: 'p', reservation: 'r1', owner: 'ci', username: 'alice', detail: null }
      const there = { ...about, container: 'p-1', generation: 1 }
      const until = `until ${new Date(end + 60_000).toISOString()}`
      const expected: Omit<BerthEvent, 'id'>[] = [
        { ...about, at: NOW, kind: 'reservation.preparing', by: 'ci' },
        { ...there, at: NOW, kind: 'container.reserved', by: 'ci' },
        { ...about, at: NOW + 1, kind: 'reservation.active', by: 'berth' },
        { ...about, at: NOW + 2, kind: 'reservation.extended', by: 'root', detail: until },
        { ...about, at: NOW + 3, kind: 'reservation.ending', by: 'ci', detail: 'released' },
        { ...there, at: NOW + 3, kind: 'container.removing', by: 'ci' },
        { ...about, at: NOW + 4, kind: 'reservation.ended', by: 'berth', detail: 'released' },
      ]
      assert.deepEqual(
        events.map((event) => ({ ...event, id: 0 })),
        expected.map((event) => ({ ...event, id: 0 })),
      )
    })

    it('tell how one ended that was never active, and why', async () => {
      const store = await open()
      await fill(store, 2)
      await claimed(store)
      await claimed(store, { id: 'r2' })
      await store.claim(claimOf({ id: 'r3', owner: 'bob', count: 2, waitUntil: NOW + 60_000 }), NOW)
      const lines = await appended(store, async () => {
        await store.end(['r1', 'r3'], { outcome: 'released', by: 'root' }, NOW)
        await store.end(['r2'], { outcome: 'failed', reason: 'no sshd' }, NOW)
      })
      assert.deepEqual(lines.slice(0, 3).toSorted(), [
        'container.removing p-1/1 for r1 by root',
        'reservation.ended for r3 by root: cancelled',
        'reservation.ending for r1 by root: cancelled',
      ])
      assert.deepEqual(lines.slice(3), [
        'reservation.ending for r2 by berth: failed: no sshd',
        'container.removing p-2/1 for r2 by berth',
      ])
    })

    it('tell of the queue, and of a container that was swapped', async () => {
      const store = await open()
      await fill(store, 1)
      const lines = await appended(store, async () => {
        await store.claim(claimOf({ count: 2, waitUntil: NOW + 60_000 }), NOW)
        await fill(store, 3)
        await store.assign('r1', NOW + 10_000, NOW)
        await store.substitute('r1', 'p-1', 'no sshd', NOW)
      })
      const theirs = lines.filter((line) => line.includes('r1'))
      assert.deepEqual(theirs, [
        'reservation.waiting for r1 by anyone',
        'reservation.preparing for r1 by berth',
        'container.reserved p-1/1 for r1 by anyone',
        'container.reserved p-2/1 for r1 by anyone',
        'container.removing p-1/1 for r1 by berth: no sshd',
        'reservation.substituted for r1 by berth: p-1 -> p-3: no sshd',
        'container.reserved p-3/1 for r1 by anyone',
      ])
    })

    it('tell what becomes of a container, and who wanted it', async () => {
      const store = await open()
      await store.addContainers(places(1), NOW)
      const step = async (patch: object, by?: string) => {
        assert.ok(await store.updateContainer(await rowOf(store, 'p-1'), patch, NOW, by))
      }
      const lines = await appended(store, async () => {
        await step({ generation: 1 })
        await step({ engineId: 'id' })
        await step({ state: 'ready', hostKey: 'SHA256:key', error: null })
        await step({ state: 'broken', error: 'the container is gone' })
        await step({ attempts: 2, retryAt: NOW + 5, error: 'still gone' })
        await step({ state: 'quarantined' }, 'root')
        await step({ state: 'removing' }, 'root')
        await step({ state: 'creating', generation: 2 })
        assert.ok(await store.dropContainer(await rowOf(store, 'p-1'), NOW))
      })
      assert.deepEqual(lines, [
        'container.creating p-1/1 by berth',
        'container.ready p-1/1 by berth',
        'container.broken p-1/1 by berth: the container is gone',
        'container.quarantined p-1/1 by root: still gone',
        'container.removing p-1/1 by root: still gone',
        'container.creating p-1/2 by berth',
        'container.dropped p-1/2 by berth',
      ])
    })

    it('tell the holder of a container that was replaced', async () => {
      const store = await open()
      await fill(store, 2)
      await claimed(store, { owner: 'ci', count: 1 })
      const last = await store.latestEvent()
      const row = await rowOf(store, 'p-1')
      assert.ok(await store.updateContainer(row, { generation: 2, engineId: null, error: 'it was gone' }, NOW + 1))
      const [event, ...more] = await since(store, last)
      assert.deepEqual(
        { ...event, id: 0 },
        {
          ...{
            id: 0,
            at: NOW + 1,
            kind: 'container.replaced',
            by: 'berth',
            pool: 'p',
            container: 'p-1',
            generation: 2,
          },
          ...{ reservation: 'r1', owner: 'ci', username: 'alice', detail: 'it was gone' },
        },
      )
      assert.deepEqual(more, [])
    })

    it('are not appended by what changes nothing', async () => {
      const store = await open()
      await fill(store, 2)
      await claimed(store, { keepaliveMs: 60_000 })
      const row = await rowOf(store, 'p-2')
      const stale = { ...row, generation: 7 }
      const lines = await appended(store, async () => {
        await store.addContainers(places(2), NOW)
        await store.updateContainer(stale, { state: 'broken' }, NOW)
        await store.dropContainer(stale, NOW)
        await store.claim(claimOf({ id: 'r2', count: 9 }), NOW)
        await store.claim(claimOf({ id: 'r2', quota: 1 }), NOW)
        await store.assign('r1', NOW, NOW)
        await store.takeOverPreparation('r1', NOW + 10_000, NOW + 20_000)
        await store.substitute('r1', 'p-2', 'why', NOW)
        await store.extend('r1', 1, 2, 'root', NOW)
        await store.keepAlive('r1', NOW)
        await store.end(['r9'], { outcome: 'released' }, NOW)
        await store.finish('r1', NOW)
        await store.recordPoolFacts('p', { os: 'Alpine', names: [] })
        await store.removeToken('nobody', 'root', NOW)
      })
      assert.deepEqual(lines, [])
      assert.deepEqual(await appended(store, () => store.activate('r9', NOW)), [])
    })

    it('are undone with the transaction that appended them', async () => {
      const store = await open()
      await fill(store, 1)
      await claimed(store)
      await store.end(['r1'], { outcome: 'released' }, NOW)
      // Mistaken: it is held still, so that the claim fails at the hold, after its reservation was written.
      await store.updateContainer(await rowOf(store, 'p-1'), { state: 'ready', generation: 2 }, NOW)
      const last = await store.latestEvent()
      let heard = 0
      const stop = store.onEvents(() => {
        heard += 1
      })
      await assert.rejects(store.claim(claimOf({ id: 'r2' }), NOW))
      stop()
      assert.deepEqual([await since(store, last), heard], [[], 0])
    })
  })

  describe('reading events', () => {
    const token = { id: 't1', role: 'user', hash: 'x', createdAt: NOW, expiresAt: null, lastUsedAt: null } as const
    const limits = { containers: null, durationMs: null, pools: null }

    async function several(): Promise<Store> {
      const store = await open()
      await fill(store, 2)
      await fill(store, 1, 'q')
      await claimed(store, { owner: 'alice' })
      await claimed(store, { id: 'r2', owner: 'bob', pool: 'q', username: 'b' })
      await store.addToken({ ...token, name: 'alice', limits }, 'root', NOW)
      await store.end(['r2'], { outcome: 'released', by: 'bob' }, NOW)
      return store
    }

    it('goes from oldest to newest, page by page, and none is seen twice or missed', async () => {
      const store = await several()
      const all = await since(store, 0)
      assert.ok(all.length >= 10)
      assert.deepEqual(
        all.map(({ id }) => id),
        all.map(({ id }) => id).toSorted((a, b) => a - b),
      )
      const seen: BerthEvent[] = []
      for (;;) {
        const page = await store.events({ after: seen.at(-1)?.id ?? 0, limit: 3 })
        assert.ok(page.length <= 3)
        seen.push(...page)
        if (page.length === 0) break
      }
      assert.deepEqual(seen, all)
    })

    it('gives the latest, where there are more than wanted', async () => {
      const store = await several()
      const all = await since(store, 0)
      assert.deepEqual(await store.events({ after: 0, limit: 3, latest: true }), all.slice(-3))
      assert.deepEqual(await store.events({ after: 0, limit: 1_000, latest: true }), all)
      const after = all.at(-2)?.id ?? 0
      assert.deepEqual(await store.events({ after, limit: 3, latest: true }), all.slice(-1))
      const theirs = await store.events({ after: 0, limit: 1, latest: true, owner: 'alice' })
      assert.deepEqual(theirs.map(brief), ['container.reserved p-1/1 for r1 by alice'])
    })

    const filters: [some: Partial<EventFilter>, ...lines: string[]][] = [
      [{ owner: 'alice' }, 'reservation.preparing for r1 by alice', 'container.reserved p-1/1 for r1 by alice'],
      [{ owner: 'alice', kind: 'container.reserved' }, 'container.reserved p-1/1 for r1 by alice'],
      [{ kind: 'token.created' }, 'token.created by root: t1: alice, user'],
      [{ reservation: 'r1', container: 'p-1' }, 'container.reserved p-1/1 for r1 by alice'],
      [{ pool: 'q', owner: 'alice' }],
      [{ owner: 'nobody' }],
      [{ container: 'p-2' }, 'container.ready p-2/1 by berth'],
      [
        { pool: 'q' },
        'container.ready q-1/1 by berth',
        'reservation.preparing for r2 by bob',
        'container.reserved q-1/1 for r2 by bob',
        'reservation.ending for r2 by bob: released',
        'container.removing q-1/1 for r2 by bob',
      ],
    ]
    for (const [some, ...lines] of filters) {
      it(`gives those of ${JSON.stringify(some)}`, async () => {
        const store = await several()
        const expected = lines.map((line) => line.replace('released', 'cancelled'))
        assert.deepEqual((await since(store, 0, some)).map(brief), expected)
      })
    }

    it('knows the latest number, 0 before the first', async () => {
      const empty = await open()
      assert.equal(await empty.latestEvent(), 0)
      const store = await several()
      assert.equal(await store.latestEvent(), (await since(store, 0)).at(-1)?.id)
    })

    it('is called for after each write, until it is stopped', async () => {
      const store = await open()
      const heard: number[] = []
      const stop = store.onEvents(() => void store.latestEvent().then((id) => heard.push(id)))
      await fill(store, 1)
      await store.latestEvent()
      assert.ok(heard.includes(await store.latestEvent()))
      stop()
      heard.length = 0
      await claimed(store)
      await store.latestEvent()
      assert.deepEqual(heard, [])
    })
  })
}
