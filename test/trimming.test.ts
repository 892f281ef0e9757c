/** When memory is given back, and that it is. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { createTrimming, thisProcess } from '../src/trimming.ts'

const MB = 1e6
const SECONDS = 1_000
const NEVER = Number.POSITIVE_INFINITY

/** A manager of 300 MB, 100 of them needed, that has been at rest for as long as `advance` says. */
function scene({
  needed = 100 * MB,
  trim = async () => undefined,
}: {
  needed?: number
  trim?: () => Promise<void>
} = {}) {
  let now = 1_000_000
  let worked = 0
  let trims = 0
  const logged: string[] = []
  const write = (message: string) => void logged.push(message)
  const at = {
    resident: 300 * MB,
    idle: true,
    advance(ms: number, work = 0) {
      now += ms
      worked += work
    },
    now: () => now,
    trims: () => trims,
    logged,
  }
  const process = {
    resident: () => at.resident,
    worked: () => worked,
    async trim() {
      trims += 1
      await trim()
      at.resident = Math.min(at.resident, needed)
    },
  }
  const log = { debug: () => undefined, info: write, warn: write, error: write }
  return { ...at, at, trimming: createTrimming({ process, isIdle: () => at.idle, clock: () => now, log }) }
}

describe('trimming', () => {
  it('gives back what a manager at rest does not need, and looks again some seconds later', async () => {
    const { trimming, at, advance, now, trims } = scene()
    assert.equal((await trimming.step(NEVER)) - now(), 5 * SECONDS)
    assert.equal(trims(), 0, 'it cannot know yet that the manager is at rest')
    advance(5 * SECONDS, 100)
    assert.equal((await trimming.step(NEVER)) - now(), 5 * SECONDS)
    assert.equal(trims(), 1)
    assert.equal(at.resident, 100 * MB)
  })

  it('waits until the work is done', async () => {
    const { trimming, advance, trims } = scene()
    advance(5 * SECONDS, 1 * SECONDS)
    await trimming.step(NEVER)
    assert.equal(trims(), 0)
    advance(5 * SECONDS, 0.4 * SECONDS)
    await trimming.step(NEVER)
    assert.equal(trims(), 1)
  })

  it('takes no time of the processors while containers are worked on', async () => {
    const { trimming, at, advance, trims } = scene()
    at.idle = false
    advance(5 * SECONDS)
    await trimming.step(NEVER)
    assert.equal(trims(), 0)
    at.idle = true
    advance(5 * SECONDS)
    await trimming.step(NEVER)
    assert.equal(trims(), 1)
  })

  it('keeps nothing waiting that is due', async () => {
    const { trimming, advance, trims, now } = scene()
    advance(5 * SECONDS)
    await trimming.step(now() + 2 * SECONDS - 1)
    assert.equal(trims(), 0)
    advance(5 * SECONDS)
    await trimming.step(now() + 2 * SECONDS)
    assert.equal(trims(), 1)
  })

  it('does not judge by an instant: ticks that follow one another closely are not looks', async () => {
    const { trimming, advance, trims } = scene()
    advance(1.9 * SECONDS, 1.9 * SECONDS)
    await trimming.step(NEVER)
    advance(0.2 * SECONDS)
    await trimming.step(NEVER)
    assert.equal(trims(), 0, 'it worked nearly all the time')
    advance(1.9 * SECONDS)
    await trimming.step(NEVER)
    assert.equal(trims(), 0)
    advance(0.1 * SECONDS)
    await trimming.step(NEVER)
    assert.equal(trims(), 1)
  })

  it('leaves a small manager alone, and what is needed', async () => {
    const { trimming, at, advance, trims } = scene({ needed: 200 * MB })
    const look = async () => {
      advance(5 * SECONDS)
      await trimming.step(NEVER)
    }
    at.resident = 95 * MB
    await look()
    assert.equal(trims(), 0)
    at.resident = 300 * MB
    await look()
    assert.equal(trims(), 1)
    at.resident = 219 * MB
    await look()
    assert.equal(trims(), 1, 'a tenth more than what was needed is not worth it')
    at.resident = 221 * MB
    await look()
    assert.equal(trims(), 2)
  })

  it('says so when it cannot be done, and does not try again and again', async () => {
    const { trimming, at, advance, trims, logged } = scene({ trim: () => Promise.reject(new Error('no inspector')) })
    for (const _ of [1, 2, 3]) {
      advance(5 * SECONDS)
      await trimming.step(NEVER)
    }
    assert.equal(trims(), 1)
    assert.equal(at.resident, 300 * MB)
    assert.deepEqual(logged, ['memory that is not needed could not be given back'])
  })

  it('does not wait for years after a clock that was set back', async () => {
    const { trimming, advance, trims } = scene()
    advance(-3_600 * SECONDS)
    await trimming.step(NEVER)
    advance(5 * SECONDS)
    await trimming.step(NEVER)
    assert.equal(trims(), 1)
  })
})

describe('the memory of this process', () => {
  it('gets smaller by what V8 had kept for itself', async () => {
    const occupied = () => thisProcess.resident() / MB
    const before = occupied()
    const fill = () => Array.from({ length: 1_500_000 }, (_, number) => ({ number }))
    let kept = fill().length
    kept += fill().length
    const grown = occupied() - before
    assert.ok(grown > 40, `it grew by ${grown} MB`)
    await thisProcess.trim()
    assert.ok(occupied() < before + grown / 2, `${occupied()} MB, of ${before + grown}; ${kept}`)
  })

  it('tells how long it has worked', async () => {
    // Nothing is counted before the first turn of the event loop.
    await setImmediate()
    const before = thisProcess.worked()
    while (thisProcess.worked() < before + 10);
    assert.ok(thisProcess.worked() >= before + 10)
  })
})
