/** Refused reserves are counted in memory, and written once a minute. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Metrics } from '../../../src/ports/metrics.ts'
import { stepsOf } from '../../../src/domain/series/steps.ts'
import { createRefusalCounter } from '../../../src/usecases/series/refusal-counter.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { faulty } from '../../../lab/faulty.ts'

const MINUTE = 60_000
const BEGIN = 100 * MINUTE

async function scene(failures: readonly number[] = []) {
  let now = BEGIN + 1_000
  const store = await openSqlite(':memory:')
  const writes: string[] = []
  const failing = faulty(store, (verb, nth) => {
    writes.push(verb)
    return failures.includes(nth) ? { when: 'before', error: new Error('disk full') } : null
  })
  const logged: string[] = []
  const write = (message: string) => void logged.push(message)
  const log = { debug: write, info: write, warn: write, error: write }
  const counter = createRefusalCounter({ store: failing, clock: () => now, log })
  const seen: string[] = []
  const metrics: Metrics = counter.around({
    observe: (what, ms) => void seen.push(`${what} ${ms}`),
    failure: (code) => void seen.push(code),
    refused: (pool, code) => void seen.push(`refused ${pool} ${code}`),
    ended: (pool, outcome) => void seen.push(`ended ${pool} ${outcome}`),
  })
  const rows = async () => {
    const sums = await store.refusals(stepsOf(BEGIN, BEGIN + 10 * MINUTE, MINUTE), null)
    return sums.map(({ step, code, count }) => `${step} ${code} ${count}`)
  }
  const advance = (ms: number) => {
    now += ms
  }
  return { counter, metrics, seen, writes, logged, rows, advance, now: () => now }
}

describe('the counter of refusals', () => {
  it('counts by minute and code, and passes everything on', async () => {
    const { counter, metrics, seen, rows, advance } = await scene()
    metrics.observe('reserve', 5)
    metrics.failure('guest_failed')
    metrics.ended('p', 'expired')
    metrics.refused('p', 'not_enough')
    metrics.refused('q', 'not_enough')
    metrics.refused('p', 'quota_exceeded')
    advance(MINUTE)
    metrics.refused('p', 'not_enough')
    await counter.flush()
    assert.deepEqual(await rows(), ['0 not_enough 2', '0 quota_exceeded 1', '1 not_enough 1'])
    assert.equal(seen.length, 7)
    assert.deepEqual(seen.slice(0, 4), ['reserve 5', 'guest_failed', 'ended p expired', 'refused p not_enough'])
  })

  it('writes once a minute, and nothing when there was no refusal', async () => {
    const { counter, metrics, writes, advance, now } = await scene()
    assert.equal((await counter.step()) - now(), MINUTE)
    metrics.refused('p', 'not_enough')
    advance(MINUTE - 1)
    assert.equal((await counter.step()) - now(), 1)
    assert.deepEqual(writes, [])
    advance(1)
    assert.equal((await counter.step()) - now(), MINUTE)
    assert.deepEqual(writes, ['addRefusals'])
    advance(MINUTE)
    await counter.step()
    assert.deepEqual(writes, ['addRefusals'])
  })

  it('keeps counts that could not be written, with their minute', async () => {
    const { counter, metrics, logged, rows, advance } = await scene([1])
    metrics.refused('p', 'not_enough')
    advance(MINUTE)
    await counter.step()
    assert.match(logged.join(), /could not be written; will retry in 1m/)
    metrics.refused('p', 'not_enough')
    advance(MINUTE)
    await counter.step()
    assert.deepEqual(await rows(), ['0 not_enough 1', '1 not_enough 1'])
    await counter.flush()
    assert.deepEqual(await rows(), ['0 not_enough 1', '1 not_enough 1'])
  })

  it('does not wait for years after the clock was wrong', async () => {
    const { counter, metrics, writes, advance } = await scene()
    advance(-50 * 24 * 60 * MINUTE)
    metrics.refused('p', 'not_enough')
    await counter.step()
    assert.deepEqual(writes, ['addRefusals'])
  })
})
