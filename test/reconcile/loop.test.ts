/** When the loop ticks: on a clock and timers that stand still until they are moved. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Loop, startLoop } from '../../src/reconcile/loop.ts'

const NEVER = Number.POSITIVE_INFINITY
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/**
 * A loop whose ticks note their time and take `takes` milliseconds; when each wants the next comes from `dues`, then
 * never.
 */
function loopOf(dues: (number | Error)[], takes = 0): { loop: Loop; ticks: number[]; hinted: number[] } {
  const ticks: number[] = []
  const hinted: number[] = []
  async function tick(nudged: boolean): Promise<number> {
    ticks.push(Date.now())
    if (nudged) hinted.push(Date.now())
    const due = dues.shift() ?? NEVER
    if (due instanceof Error) throw due
    if (takes > 0) await new Promise<void>((resolve) => setTimeout(resolve, takes))
    return due
  }
  return { loop: startLoop(tick, Date.now, silent), ticks, hinted }
}

/** Moves the clock a millisecond at a time, as what a tick waits for is done between two of them. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1) {
    mock.timers.tick(1)
    await nextTurn()
  }
}

describe('the loop', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 }))
  afterEach(() => mock.timers.reset())

  it('ticks at once, when something is due, and every five seconds', async () => {
    const { ticks } = loopOf([300])
    await pass(11_000)
    assert.deepEqual(ticks, [1, 300, 5_300, 10_300])
  })

  it('ticks soon after a nudge, once for any number of them, and knows of it', async () => {
    const { loop, ticks, hinted } = loopOf([])
    await pass(100)
    loop.nudge()
    loop.nudge()
    await pass(10)
    loop.nudge()
    await pass(5_100)
    assert.deepEqual([ticks, hinted], [[1, 125, 5_125], [125]])
  })

  it('waits some times as long after a tick that took long, when only hints come, but for nothing that is due', async () => {
    const { loop, ticks } = loopOf([], 50)
    await pass(100)
    loop.nudge()
    await pass(250)
    assert.deepEqual(ticks, [1, 251])
    loop.nudge()
    loop.expect(400)
    await pass(100)
    assert.deepEqual(ticks, [1, 251, 400])
  })

  it('counts that from the end of the tick, not from the hint', async () => {
    const { loop, ticks } = loopOf([], 50)
    await pass(1_000)
    loop.nudge()
    await pass(100)
    assert.deepEqual(ticks, [1, 1_025])
  })

  it('is not put off by a hint', async () => {
    const { loop, ticks } = loopOf([110], 50)
    await pass(100)
    loop.nudge()
    await pass(50)
    assert.deepEqual(ticks, [1, 110])
  })

  it('ticks when something is expected, also when that was said during a tick that knew nothing of it', async () => {
    const { loop, ticks } = loopOf([], 50)
    await pass(20)
    loop.expect(200)
    loop.expect(900)
    await pass(300)
    assert.deepEqual(ticks, [1, 200])
    loop.expect(4_000)
    loop.expect(400)
    await pass(200)
    assert.deepEqual(ticks, [1, 200, 400])
  })

  it('ticks again a second after one that failed', async () => {
    const { ticks } = loopOf([new Error('no')])
    await pass(1_500)
    assert.deepEqual(ticks, [1, 1_001])
  })

  it('ticks no more when it is stopped', async () => {
    const { loop, ticks } = loopOf([50])
    await pass(10)
    await loop.stop()
    loop.nudge()
    loop.expect(100)
    await pass(6_000)
    assert.deepEqual(ticks, [1])
  })
})
