import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eachOverlap, standardStepMs, stepAt, stepsOf } from '../../../src/domain/series/steps.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

describe('steps of a span', () => {
  const spans: readonly [span: number, step: number][] = [
    [1, SECOND],
    [2 * MINUTE, SECOND],
    [2 * MINUTE + 1, 5 * SECOND],
    [HOUR, 30 * SECOND],
    [6 * HOUR, 5 * MINUTE],
    [DAY, 15 * MINUTE],
    [7 * DAY, 2 * HOUR],
    [30 * DAY, 6 * HOUR],
    [90 * DAY, DAY],
    [121 * DAY, 2 * DAY],
    [3_000 * DAY, 25 * DAY],
  ]
  for (const [span, step] of spans) {
    it(`are ${step / SECOND} s long for ${span / SECOND} s`, () => {
      assert.equal(standardStepMs(span), step)
      assert.ok(stepsOf(12_345, 12_345 + span, step).count <= 121)
    })
  }

  it('begin at a multiple of the step, and the last one may be cut off', () => {
    assert.deepEqual(stepsOf(125, 161, 10), { from: 120, to: 161, stepMs: 10, count: 5 })
    assert.deepEqual(stepsOf(120, 160, 10), { from: 120, to: 160, stepMs: 10, count: 4 })
  })

  it('contain their begin, but not their end', () => {
    const steps = stepsOf(120, 145, 10)
    const at = [119, 120, 129, 130, 144, 145].map((time) => stepAt(steps, time))
    assert.deepEqual(at, [null, 0, 0, 1, 2, null])
  })

  const overlaps: readonly [begin: number, end: number, seen: string][] = [
    [0, 100, ''],
    [200, 300, ''],
    [130, 130, ''],
    [140, 130, ''],
    [0, 300, '0:120-130 1:130-140 2:140-145'],
    [Number.NEGATIVE_INFINITY, 121, '0:120-121'],
    [125, 135, '0:125-130 1:130-135'],
    [130, 140, '1:130-140'],
    [144, 300, '2:144-145'],
  ]
  for (const [begin, end, expected] of overlaps) {
    it(`overlap ${begin} to ${end} as ${expected || 'nothing'}`, () => {
      const seen: string[] = []
      eachOverlap(stepsOf(120, 145, 10), begin, end, (step, overlap) => {
        seen.push(`${step}:${overlap.begin}-${overlap.end}`)
      })
      assert.equal(seen.join(' '), expected)
    })
  }
})
