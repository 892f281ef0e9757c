/** Results are cached for a while, and computed one at a time. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { createSeries } from '../../../src/usecases/series/series.ts'
import { faulty } from '../../../lab/faulty.ts'
import { createWorld } from '../../../lab/world.ts'

const MINUTE = 60_000

/** `takesMs`: how long a computation takes by the clock. */
async function scene({ takesMs = 0, failing = false } = {}) {
  const world = await createWorld()
  await world.settle()
  world.advance(10 * MINUTE)
  let computed = 0
  let running = 0
  let most = 0
  const store = faulty(world.store, (verb) => {
    if (verb === 'oldestEvent') {
      computed += 1
      running += 1
      most = Math.max(most, running)
      if (failing && computed === 1) return { when: 'before', error: new Error('disk full') }
    }
    if (verb === 'refusals') {
      running -= 1
      world.advance(takesMs)
    }
    return null
  })
  const series = createSeries({ store, pools: world.pools, clock: () => world.now() })
  const read = (some: object = {}) =>
    series.read({ pool: null, from: world.now() - 10 * MINUTE, to: null, stepMs: MINUTE, ...some })
  return { world, read, computed: () => computed, most: () => most }
}

describe('reading series', () => {
  it('computes what several callers ask for at the same time once', async () => {
    const { read, computed } = await scene({ takesMs: 100 })
    const [one, other] = await Promise.all([read(), read(), read()])
    assert.equal(computed(), 1)
    assert.equal(one, other)
  })

  it('caches a result for ten times its computation time', async () => {
    const { world, read, computed } = await scene({ takesMs: 100 })
    await read()
    world.advance(1_000)
    await read()
    assert.equal(computed(), 1)
    world.advance(1)
    await read()
    assert.equal(computed(), 2)
  })

  it('computes a result again after the clock was set back', async () => {
    const { world, read, computed } = await scene({ takesMs: 100 })
    const from = world.now() - 10 * MINUTE
    await read({ from })
    world.advance(-MINUTE)
    await read({ from })
    assert.equal(computed(), 2)
  })

  it('computes different series one after the other', async () => {
    const { read, computed, most } = await scene()
    await Promise.all([read(), read({ pool: 'p' }), read({ stepMs: 2 * MINUTE })])
    assert.deepEqual([computed(), most()], [3, 1])
  })

  it('refuses when too many wait, and serves again afterwards', async () => {
    const { read } = await scene()
    const reading = Array.from({ length: 31 }, (_, index) => read({ stepMs: (index + 1) * MINUTE }))
    const outcomes = await Promise.allSettled(reading)
    const failed = outcomes.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []))
    assert.deepEqual(failed, ['BerthError: 30 computations of series are under way; try again later'])
    await endOfTurn()
    assert.ok((await read({ stepMs: 31 * MINUTE })).points.length > 0)
  })

  it('tries again after a failure', async () => {
    const { read, computed } = await scene({ failing: true })
    await assert.rejects(read(), /disk full/)
    assert.ok((await read()).points.length > 0)
    assert.equal(computed(), 2)
  })
})
