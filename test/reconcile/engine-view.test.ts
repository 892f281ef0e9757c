/** When the engine is looked at: a look at a thousand containers takes its time, and few things ask for one. */
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { BerthError } from '../../src/domain/errors.ts'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import type { FaultRule } from '../../lab/faulty.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld, type World } from '../../lab/world.ts'

const MINUTE = 60_000
const P = pool()
/** Of a look that takes 50 ms. */
const KEPT = 10_000

let world: World
/** How often the engine was looked at, and how long each look takes, milliseconds. */
let looks: number
let takes: number
let away: boolean
let unreadable: boolean
/** Until then no container can be made. */
let making: Promise<void>

async function looksOf(...ticks: [pause: number, hinted?: boolean][]): Promise<number[]> {
  const counts: number[] = []
  for (const [pause, hinted] of ticks) {
    world.advance(pause)
    const before = looks
    await world.reconciler.tick(hinted)
    await world.reconciler.idle()
    counts.push(looks - before)
  }
  return counts
}

/** For `beforeEach` in the suite: at the top of a file it would run before each test of the whole process. */
async function reset(): Promise<void> {
  looks = 0
  takes = 0
  away = false
  making = Promise.resolve()
  const noted: FaultRule = (verb) => {
    if (verb === 'create') return { when: 'late', until: making }
    if (verb !== 'list') return null
    looks += 1
    world.advance(takes)
    return away ? { when: 'before', error: new BerthError('engine_unavailable', 'no engine there') } : null
  }
  unreadable = false
  const full = new BerthError('database_unavailable', 'the disk is gone')
  const store: FaultRule = (verb) => (unreadable && verb === 'snapshot' ? { when: 'before', error: full } : null)
  world = await createWorld({ faults: { engine: noted, store } })
  await world.settle()
  takes = 50
}

describe('the engine is looked at', () => {
  beforeEach(reset)

  it('at each tick while that takes no time', async () => {
    takes = 0
    assert.deepEqual(await looksOf([0], [0], [5_000], [1]), [1, 1, 1, 1])
  })

  it('no more for two hundred times as long as it took, when there was nothing to do', async () => {
    assert.deepEqual(await looksOf([0], [5_000], [KEPT - 5_001], [1], [1]), [1, 0, 0, 1, 0])
  })

  it('at least every half minute', async () => {
    takes = 5_000
    assert.deepEqual(await looksOf([0], [29_999], [1]), [1, 0, 1])
  })

  it('when somebody gave a hint', async () => {
    assert.deepEqual(await looksOf([0], [1], [1, true], [1]), [1, 0, 1, 0])
  })

  it('when a row has changed, by whomever', async () => {
    assert.deepEqual(await looksOf([0], [1]), [1, 0])
    await world.reservations.reserve(
      { pool: P, username: 'alice', password: 'test', count: 1, durationMs: MINUTE },
      ANONYMOUS,
    )
    assert.deepEqual(await looksOf([1], [1]), [1, 0])
  })

  it('when something is due, and again after something was done', async () => {
    await world.reservations.reserve(
      { pool: P, username: 'alice', password: 'test', count: 1, durationMs: MINUTE + 5_000 },
      ANONYMOUS,
    )
    assert.deepEqual(await looksOf([0], [1]), [1, 0])
    // A minute before the end its holder is told.
    assert.deepEqual(await looksOf([5_000], [1], [1]), [1, 1, 0])
    assert.equal(world.accounts.notified.length, 1)
  })

  it('again and again while it does not answer, and once it does', async () => {
    assert.deepEqual(await looksOf([0], [1]), [1, 0])
    away = true
    assert.deepEqual(await looksOf([1, true], [1], [1]), [1, 1, 1])
    away = false
    assert.deepEqual(await looksOf([1], [1]), [1, 0])
  })

  it('after a hint that came while the rows could not be read', async () => {
    assert.deepEqual(await looksOf([0], [1]), [1, 0])
    unreadable = true
    await assert.rejects(world.reconciler.tick(true), { code: 'database_unavailable' })
    unreadable = false
    assert.deepEqual(await looksOf([1], [1]), [1, 0])
  })

  it('when the clock was set back', async () => {
    assert.deepEqual(await looksOf([0], [1], [-60_000], [1]), [1, 0, 1, 0])
  })

  it('no more for thirty-two times as long as it took while containers are being made, but then for the hints of that time', async () => {
    const tick = async (pause: number, hinted: boolean) => {
      world.advance(pause)
      const before = looks
      const due = await world.reconciler.tick(hinted)
      return [looks - before, due - world.now()]
    }
    const made = Promise.withResolvers<void>()
    making = made.promise
    const container = world.host.holderOf('p-1')
    assert.ok(container)
    world.host.disturb(container.id, null)
    await tick(0, true)
    await tick(MINUTE, true)
    assert.deepEqual(await tick(0, true), [0, 1_600])
    assert.deepEqual(await tick(500, true), [0, 1_100])
    assert.deepEqual((await tick(1_100, false))[0], 1)
    assert.deepEqual((await tick(0, true))[0], 0)
    made.resolve()
    await world.reconciler.idle()
    assert.deepEqual((await tick(0, true))[0], 1)
  })

  it('so that what happened without a hint is mended all the same', async () => {
    await looksOf([0])
    const container = world.host.holderOf('p-1')
    assert.ok(container)
    world.host.disturb(container.id, null)
    assert.deepEqual(await looksOf([KEPT - 1]), [0])
    assert.deepEqual(await looksOf([1]), [1])
    assert.deepEqual(await world.states(), ['p-1 broken 1', 'p-2 ready 1', 'p-3 ready 1'])
  })
})
