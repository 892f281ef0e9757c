import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Durations } from '../../../src/domain/series/durations.ts'
import { stepsOf } from '../../../src/domain/series/steps.ts'

describe('durations', () => {
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => count - index)
  const cases: readonly [
    title: string,
    measured: readonly number[],
    p50: number | null,
    p95: number | null,
    max: number | null,
  ][] = [
    ['nothing', [], null, null, null],
    ['one', [7], 7, 7, 7],
    ['two', [9, 3], 3, 9, 9],
    ['twenty', upTo(20), 10, 19, 20],
    ['a hundred', upTo(100), 50, 95, 100],
    ['a clock that was set back', [-5], 0, 0, 0],
  ]
  for (const [title, measured, p50, p95, max] of cases) {
    it(`have quantiles that were measured: ${title}`, () => {
      const durations = new Durations(stepsOf(0, 1_000, 1_000))
      for (const ms of measured) durations.add(500 - ms, 500)
      assert.deepEqual(durations.figures(0), { count: measured.length, p50, p95, max })
    })
  }

  it('count in the step in which they ended, and not outside of the span', () => {
    const durations = new Durations(stepsOf(100, 130, 10))
    for (const end of [99, 100, 109, 110, 130]) durations.add(50, end)
    assert.deepEqual(
      [0, 1, 2].map((step) => durations.figures(step).max),
      [59, 60, null],
    )
  })
})
