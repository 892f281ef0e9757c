import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Durations } from '../../../lab/kubernetes/figures/durations.ts'

describe('the table of durations', () => {
  it('has median, p99 and maximum by the nearest rank, in the order in which the names came', () => {
    const durations = new Durations()
    for (let ms = 200; ms >= 1; ms -= 1) durations.add('slow', ms * 10)
    durations.add('fast', 1.4)
    const [, , slow, fast] = durations.table().split('\n')
    assert.equal(slow, '| slow | 200 | 1,000 | 1,980 | 2,000 |')
    assert.equal(fast, '| fast | 1 | 1 |  | 1 |')
  })

  it('has a p99 for 100 values, and for no fewer', () => {
    const durations = new Durations()
    for (let ms = 1; ms <= 99; ms += 1) durations.add('few', ms)
    for (let ms = 1; ms <= 100; ms += 1) durations.add('enough', ms)
    const [, , few, enough] = durations.table().split('\n')
    assert.equal(few, '| few | 99 | 50 |  | 99 |')
    assert.equal(enough, '| enough | 100 | 50 | 99 | 100 |')
  })

  it('refuses a moment that was not seen', () => {
    assert.throws(() => new Durations().add('end', Number.NaN), /no time was seen for: end/)
  })
})
