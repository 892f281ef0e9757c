import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stepsOf } from '../../../src/domain/series/steps.ts'
import { type ReservationTimes, Waits } from '../../../src/domain/series/waits.ts'

const times = (some: Partial<ReservationTimes>): ReservationTimes => ({
  ...{ createdAt: 0, activeAt: null, endedAt: null, waited: true },
  ...some,
})

describe('waits', () => {
  type Figures = readonly (readonly [average: number, longest: number])[]
  const cases: readonly [title: string, reservations: readonly ReservationTimes[], figures: Figures][] = [
    [
      'none',
      [],
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'through the whole span, since before',
      [times({ createdAt: 40 })],
      [
        [1, 70],
        [1, 80],
        [1, 90],
      ],
    ],
    [
      'until it is active',
      [times({ createdAt: 105, activeAt: 115 })],
      [
        [0.5, 5],
        [0.5, 10],
        [0, 0],
      ],
    ],
    [
      'until it ends',
      [times({ createdAt: 105, endedAt: 125 })],
      [
        [0.5, 5],
        [1, 15],
        [0.5, 20],
      ],
    ],
    [
      'active, then ended',
      [times({ createdAt: 100, activeAt: 105, endedAt: 128 })],
      [
        [0.5, 5],
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'two, of which one waits longer',
      [times({ createdAt: 90 }), times({ createdAt: 115 })],
      [
        [1, 20],
        [1.5, 30],
        [2, 40],
      ],
    ],
    [
      'over before the span',
      [times({ createdAt: 10, activeAt: 100 })],
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'one that did not wait',
      [times({ waited: false, createdAt: 101, activeAt: 104 })],
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    ],
  ]
  for (const [title, reservations, figures] of cases) {
    it(title, () => {
      const waits = new Waits(stepsOf(100, 130, 10), 100)
      for (const each of reservations) waits.add(each)
      assert.deepEqual(
        [0, 1, 2].map((step) => [waits.ms(step) / 10, waits.longest(step)]),
        figures,
      )
    })
  }

  it('measure only reserves that did not wait', () => {
    const waits = new Waits(stepsOf(100, 130, 10), 100)
    waits.add(times({ waited: false, createdAt: 95, activeAt: 104 }))
    waits.add(times({ waited: false, createdAt: 105, activeAt: null, endedAt: 108 }))
    waits.add(times({ waited: true, createdAt: 100, activeAt: 109 }))
    assert.deepEqual(waits.reserves.figures(0), { count: 1, p50: 9, p95: 9, max: 9 })
  })
})
