import { deepEqual } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Occupancy } from '../../../src/domain/series/occupancy.ts'
import { pointsOf, type RefusalSum } from '../../../src/domain/series/series.ts'
import { stepsOf } from '../../../src/domain/series/steps.ts'
import { Waits } from '../../../src/domain/series/waits.ts'

const MINUTE = 60_000
const TEN_SECONDS = 10_000
/** The figures start 25 s after the full minute, in the third step. */
const STEPS = stepsOf(10 * MINUTE, 11 * MINUTE, TEN_SECONDS)
const FROM = 10 * MINUTE + 25_000

/** Returns the refusals of each point that has some, by the start of its step. */
function refusalsOf(refusals: readonly RefusalSum[], from = FROM, steps = STEPS): Record<string, object> {
  const parts = { occupancy: new Occupancy(steps, from), waits: new Waits(steps, from), sizes: [], from, refusals }
  const points = pointsOf(steps, parts).filter((point) => Object.keys(point.refusals).length > 0)
  return Object.fromEntries(points.map((point) => [(point.at - steps.from) / 1_000, point.refusals]))
}

describe('refusals in points', () => {
  it('of the minute in which the figures start are in the first step, also before them', () => {
    const sums = [
      { step: 0, code: 'not_enough', count: 2 },
      { step: 2, code: 'not_enough', count: 1 },
      { step: 2, code: 'quota_exceeded', count: 4 },
      { step: 4, code: 'not_enough', count: 8 },
    ] as const
    deepEqual(refusalsOf(sums), { 20: { not_enough: 3, quota_exceeded: 4 }, 40: { not_enough: 8 } })
  })

  it('of the step in which the figures start are counted, however long before them the step starts', () => {
    const steps = stepsOf(0, 60 * MINUTE, 15 * MINUTE)
    const sums = [
      { step: 0, code: 'not_enough', count: 3 },
      { step: 1, code: 'not_enough', count: 1 },
      { step: 2, code: 'not_enough', count: 2 },
    ] as const
    deepEqual(refusalsOf(sums, 20 * MINUTE, steps), { 900: { not_enough: 1 }, 1800: { not_enough: 2 } })
  })

  it('of an earlier minute, whose events are not kept, are left out', () => {
    const sums = [{ step: -6, code: 'not_enough', count: 2 }] as const
    deepEqual(refusalsOf(sums), {})
  })
})
