import { deepEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Series } from '../../../src/client/client.ts'
import { columnsOf, indexOfMost, type Layer, scaleOf, sumsOf } from '../../../web/src/pages/trends/chart-model.ts'
import { modelsOf } from '../../../web/src/pages/trends/models.ts'

type Point = Series['points'][number]

const NOTHING = { count: 0, p50_seconds: null, p95_seconds: null, max_seconds: null }
const NO_STATES = { creating: 0, ready: 0, reserved: 0, removing: 0, broken: 0, quarantined: 0 }

function series(points: readonly Partial<Point>[]): Series {
  const at = (minute: number) => `2026-11-29T12:0${minute}:00.000Z`
  const empty = { size: 4, states: { ...NO_STATES, ready: 4 }, waiting: 0, longest_wait_seconds: 0 }
  return {
    ...{ from: at(0), to: at(points.length), step_seconds: 60, kept_since: at(0) },
    points: points.map((some, minute) => ({
      ...{ at: at(minute), ...empty, reserve: NOTHING, recycle: NOTHING, refusals: {} },
      ...some,
    })),
  }
}

const modelsBy = (of: Series) =>
  Object.fromEntries(
    modelsOf(of, (time) => new Date(time).toISOString().slice(11, 16)).map((model) => [model.id, model]),
  )

const took = (count: number, p50: number, p95: number, max: number) => ({
  ...{ count, p50_seconds: p50, p95_seconds: p95, max_seconds: max },
})

const BUSY = series([
  { states: { ...NO_STATES, ready: 3, reserved: 1 }, reserve: took(1, 0.1, 0.1, 0.1) },
  {
    ...{ states: { ...NO_STATES, reserved: 3.5, removing: 0.5 }, waiting: 2, longest_wait_seconds: 90 },
    ...{ refusals: { not_enough: 3, quota_exceeded: 1 }, recycle: took(2, 2.5, 300, 300) },
  },
  { reserve: took(3, 0.2, 0.4, 0.5), refusals: { quota_exceeded: 4 } },
])

describe('charts of a series', () => {
  it('say the main figures in a sentence', () => {
    const sentences = Object.values(modelsBy(BUSY)).map(({ id, summary }) => `${id}: ${summary}`)
    deepEqual(sentences, [
      'occupancy: On average 1.5 of 4 containers were reserved, at most 3.5 (12:01).',
      'waiting: 0.7 waited on average, at most 2 (12:01).',
      'longest-wait: The longest wait was 1 min 30 s (12:01).',
      'refusals: 8 reserves were refused: 5 quota_exceeded, 3 not_enough.',
      'reserve: 4 reserves; the slowest took 500 ms (12:02).',
      'recycle: 2 recyclings; the slowest took 5 min (12:01). Logarithmic scale.',
    ])
  })

  it('have a sentence if nothing happened', () => {
    const reasons = Object.values(modelsBy(series([{}, {}]))).map(({ empty }) => empty)
    deepEqual(reasons, [
      null,
      'No reservation waited.',
      'No reservation waited.',
      'No reserve was refused.',
      'No reservation became active without a wait.',
      'No container was recycled.',
    ])
    equal(modelsBy(series([]))['occupancy']?.empty, 'No data in this span.')
  })

  it('stack every state, what is used below what is free', () => {
    const { stack = [], lines = [] } = modelsBy(BUSY)['occupancy'] ?? {}
    deepEqual(
      stack.map(({ key }) => key),
      ['reserved', 'removing', 'creating', 'quarantined', 'broken', 'ready'],
    )
    deepEqual(sumsOf(stack.map(({ values }) => values)).at(-1), [4, 4, 4])
    deepEqual(lines[0]?.values, [4, 4, 4])
  })

  it('have a gap where nothing was measured', () => {
    const { lines = [], more = [] } = modelsBy(BUSY)['reserve'] ?? {}
    deepEqual(lines[0]?.values, [0.1, null, 0.2])
    deepEqual(
      more.map(({ key, values }) => [key, ...values]),
      [
        ['max', 0.1, null, 0.5],
        ['count', 1, 0, 3],
      ],
    )
  })

  it('show unknown codes of refusals, too', () => {
    const { stack = [] } = modelsBy(series([{ refusals: { new_code: 1 } }]))['refusals'] ?? {}
    deepEqual(
      stack.map(({ label, values }) => [label, ...values]),
      [['new_code', 1]],
    )
  })
})

describe('columns of a chart', () => {
  it('end where the last step ends, the highest sum first', () => {
    const model = modelsBy(BUSY)['refusals']
    const { times, sums, lines } = model ? columnsOf(BUSY, model) : { times: [], sums: [], lines: [] }
    deepEqual(
      times.map((time) => new Date(time).toISOString().slice(14, 19)),
      ['00:00', '01:00', '02:00', '03:00'],
    )
    deepEqual(sums, [
      [0, 4, 4, 4],
      [0, 1, 4, 4],
    ])
    deepEqual(lines, [])
  })

  it('are empty without points', () => {
    const none = series([])
    const model = modelsBy(none)['occupancy']
    deepEqual(model && columnsOf(none, model), { times: [], sums: [[], [], [], [], [], []], lines: [[]] })
  })
})

describe('the scale', () => {
  const layer = (values: Layer['values']): Layer => ({ key: 'p50', label: 'p50', color: 'link', values })
  const cases: readonly [values: readonly (number | null)[], scale: string][] = [
    [[1, 2, null, 20], 'linear'],
    [[1, 21], 'logarithmic'],
    [[0, 0], 'linear'],
    [[0, 0.01], 'linear'],
    [[0, 1], 'logarithmic'],
    [[null], 'linear'],
  ]
  for (const [values, scale] of cases) {
    it(`of ${JSON.stringify(values)} is ${scale}`, () => equal(scaleOf([layer(values)]), scale))
  }
})

it('the largest value is the first of equal ones', () => {
  deepEqual([indexOfMost([1, 3, null, 3]), indexOfMost([null]), indexOfMost([0])], [1, null, 0])
})
