/** Events by time, times of reservations, counts of refusals. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stepsOf } from '../../src/domain/series/steps.ts'
import type { Store } from '../../src/ports/store.ts'
import { claimOf } from '../../lab/claims.ts'
import { NOW } from '../../lab/rows.ts'
import { claimed, fill, MINUTE, type Open, rowOf } from './store-bench.ts'

const at = (minutes: number) => NOW + minutes * MINUTE

/** Three reservations of one container: in the minutes 0, 1 and 2. */
async function lives(store: Store): Promise<void> {
  await fill(store, 1)
  for (const minute of [0, 1, 2]) {
    const id = `r${minute}`
    await store.claim(claimOf({ id }), at(minute))
    await store.activate(id, at(minute) + 100)
    await store.end([id], { outcome: 'released' }, at(minute) + 200)
    await store.finish(id, at(minute) + 300)
    await store.updateContainer(await rowOf(store, 'p-1'), { state: 'ready' }, at(minute) + 400)
  }
}

async function changes(store: Store, some: Partial<Parameters<Store['poolChanges']>[0]> = {}): Promise<string[]> {
  const found = await store.poolChanges({ after: 0, upTo: 1_000, pool: null, ...some })
  return found.map(({ kind, container, at: time }) => `${kind} ${container ?? ''} ${time - NOW}`)
}

export function historyVerbs(open: Open): void {
  describe('events by time', () => {
    it('finds the first event at or after a time, or the next id', async () => {
      const store = await open()
      assert.equal(await store.firstEventAt(NOW), 1)
      assert.equal(await store.oldestEvent(), null)
      await lives(store)
      const all = await store.events({ after: 0, limit: 100 })
      for (const time of [...new Set(all.map((event) => event.at))].flatMap((each) => [each - 1, each, each + 1])) {
        const expected = all.find((event) => event.at >= time)?.id ?? (await store.latestEvent()) + 1
        assert.equal(await store.firstEventAt(time), expected, String(time - NOW))
      }
      assert.deepEqual(await store.oldestEvent(), { id: 1, at: NOW })
    })

    it('finds the first event also after older events were deleted', async () => {
      const store = await open()
      await lives(store)
      const { id } = (await store.events({ after: 0, limit: 100 })).find((event) => event.at >= at(1)) ?? { id: 0 }
      await store.prune(at(1), 100)
      assert.deepEqual(await store.oldestEvent(), { id, at: at(1) })
      assert.equal(await store.firstEventAt(at(0)), id)
      assert.equal(await store.firstEventAt(at(1)), id)
    })

    it('returns events of containers and of pool sizes, oldest first', async () => {
      const store = await open()
      await lives(store)
      await store.resizePool('p', { size: 2, pinned: true }, 'root', at(3))
      const all = [
        'container.ready p-1 0',
        ...[0, 1, 2].flatMap((minute) =>
          ['reserved p-1 0', 'removing p-1 200', 'ready p-1 400'].map((each) => {
            const [verb, name, ms] = each.split(' ')
            return `container.${verb} ${name} ${minute * MINUTE + Number(ms)}`
          }),
        ),
        `pool.scaled  ${3 * MINUTE}`,
      ]
      assert.deepEqual(await changes(store), all)
      const first = await store.firstEventAt(at(1))
      const last = await store.latestEvent()
      assert.deepEqual(await changes(store, { after: first - 1, upTo: last - 1 }), all.slice(4, -1))
      assert.deepEqual(await changes(store, { kinds: ['container.removing'] }), [all[2], all[5], all[8]])
    })

    it('returns those of one pool, or of some containers', async () => {
      const store = await open()
      await fill(store, 3)
      await fill(store, 1, 'q')
      await store.resizePool('p', { size: 4, pinned: true }, 'root', at(1))
      const ready = (name: string) => `container.ready ${name} 0`
      const scaled = `pool.scaled  ${MINUTE}`
      assert.deepEqual(await changes(store, { pool: 'q' }), [ready('q-1')])
      assert.deepEqual(await changes(store, { pool: 'p', containers: ['p-2', 'q-1'] }), [ready('p-2'), scaled])
      assert.deepEqual(await changes(store, { containers: ['p-3', 'q-1'] }), [ready('p-3'), ready('q-1'), scaled])
      assert.deepEqual(await changes(store, { containers: [] }), [scaled])
    })
  })

  describe('times of reservations', () => {
    const seen = async (store: Store, from: number, to: number, pool: string | null = null) => {
      const { times, next } = await store.reservationTimes({ from: at(from), to: at(to), pool })
      assert.equal(next, null)
      const minute = (time: number | null) => (time === null ? null : (time - NOW) / MINUTE)
      return times.map((each) => [minute(each.createdAt), minute(each.activeAt), minute(each.endedAt), each.waited])
    }

    it('are those of reservations that waited or were prepared in the span', async () => {
      const store = await open()
      await fill(store, 1)
      await claimed(store, { durationMs: 60 * MINUTE })
      await store.claim(claimOf({ id: 'r2', waitUntil: at(100) }), at(1))
      assert.deepEqual(await seen(store, 0, 100), [
        [0, null, null, false],
        [1, null, null, true],
      ])
      assert.deepEqual(await seen(store, 0, 1), [[0, null, null, false]])
      await store.activate('r1', at(2))
      await store.end(['r2'], { outcome: 'released' }, at(8))
      assert.deepEqual(await seen(store, 2, 8), [
        [0, 2, null, false],
        [1, null, 8, true],
      ])
      assert.deepEqual(await seen(store, 3, 100), [[1, null, 8, true]])
      assert.deepEqual(await seen(store, 9, 100), [])
      assert.deepEqual(await seen(store, 0, 100, 'q'), [])
    })

    it('come in pages, each reservation once', async () => {
      const store = await open()
      await fill(store, 1)
      const count = 1_100
      // Many at the same time, as at the start of a class.
      for (let nth = 0; nth < count; nth += 1) {
        await store.claim(claimOf({ id: `r${nth}`, owner: `o${nth}`, waitUntil: at(900) }), at(nth < 1_050 ? 0 : nth))
      }
      const pages: number[] = []
      for (let begin: number | null | undefined; begin !== null; ) {
        const page: Awaited<ReturnType<Store['reservationTimes']>> = await store.reservationTimes(
          { from: at(0), to: at(count), pool: null },
          begin,
        )
        pages.push(page.times.length)
        begin = page.next
      }
      assert.ok(pages.length > 1)
      assert.equal(
        pages.reduce((sum, each) => sum + each, 0),
        count,
      )
    })
  })

  describe('refusals', () => {
    const steps = stepsOf(at(0), at(10), 5 * MINUTE)
    const one = { at: at(1), pool: 'p', code: 'not_enough', count: 2 } as const

    it('are added up by step and code', async () => {
      const store = await open()
      await store.addRefusals([])
      await store.addRefusals([one, { ...one, at: at(4) }, { ...one, at: at(5) }, { ...one, code: 'quota_exceeded' }])
      await store.addRefusals([
        { ...one, count: 1 },
        { ...one, pool: 'q' },
      ])
      await store.addRefusals([-1, 10].map((minute) => ({ ...one, at: at(minute) })))
      assert.deepEqual(await store.refusals(steps, 'p'), [
        { step: 0, code: 'not_enough', count: 5 },
        { step: 0, code: 'quota_exceeded', count: 2 },
        { step: 1, code: 'not_enough', count: 2 },
      ])
      assert.deepEqual((await store.refusals(steps, null))[0], { step: 0, code: 'not_enough', count: 7 })
    })

    it('are deleted with the events of their time, a few rows at a time', async () => {
      const store = await open()
      await store.addRefusals([1, 2, 3, 4, 5].map((minute) => ({ ...one, at: at(minute) })))
      const left = async () => (await store.refusals(stepsOf(at(0), at(10), MINUTE), null)).map(({ step }) => step)
      await store.prune(at(4), 2)
      assert.deepEqual(await left(), [3, 4, 5])
      await store.prune(at(4), 2)
      assert.deepEqual(await left(), [4, 5])
    })
  })
}
