/** The charts of a series. */
import type { Series } from '../../api/types.ts'
import {
  type ChartModel,
  type ColorName,
  type Fill,
  indexOfMost,
  type Layer,
  type Point,
  scaleOf,
} from './chart-model.ts'
import { countText, secondsText } from './figure-text.ts'

type State = keyof Point['states']

/** The lowest first: what is used, then what is on its way, then what is free. */
const STACK: readonly (readonly [State, Fill])[] = [
  ['reserved', 'solid'],
  ['removing', 'dotted'],
  ['creating', 'hatched'],
  ['quarantined', 'crossed'],
  ['broken', 'solid'],
  ['ready', 'faint'],
]

/** `timeOf` writes the step of a point, such as "14:00–14:15". */
export function modelsOf(series: Series, timeOf: (at: number) => string): readonly ChartModel[] {
  const { points } = series
  const step = (index: number | null) => timeOf(Date.parse(points[index ?? 0]?.at ?? series.to))
  return [
    occupancy(points, step),
    waiting(points, step),
    longestWait(points, step),
    refusals(points),
    durations(points, 'reserve', 'Reserving', ['reserve', 'reserves'], step),
    durations(points, 'recycle', 'Recycling', ['recycling', 'recyclings'], step),
  ]
}

type StepOf = (index: number | null) => string

function occupancy(points: readonly Point[], step: StepOf): ChartModel {
  const stack = STACK.map(([state, fill]) => ({
    ...{ key: state, label: state, color: `state-${state}` as const, fill },
    values: points.map(({ states }) => states[state]),
  }))
  const size = points.map((point) => point.size)
  const reserved = points.map(({ states }) => states.reserved)
  const most = indexOfMost(reserved)
  return {
    ...{ id: 'occupancy', title: 'Occupancy', unit: 'count', scale: 'linear', stack, more: [] },
    lines: [{ key: 'size', label: 'size', color: 'text', values: size }],
    summary:
      `On average ${countText(averageOf(reserved))} of ${countText(size.at(-1) ?? 0)} containers were reserved, ` +
      `at most ${countText(reserved[most ?? 0] ?? 0)} (${step(most)}).`,
    empty: points.length === 0 ? 'No data in this span.' : null,
  }
}

function averageOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

function waiting(points: readonly Point[], step: StepOf): ChartModel {
  const values = points.map((point) => point.waiting)
  const most = indexOfMost(values)
  return {
    ...{ id: 'waiting', title: 'Waiting', unit: 'count', scale: 'linear', stack: [], more: [] },
    lines: [{ key: 'waiting', label: 'waiting', color: 'soon', values }],
    summary: `${countText(averageOf(values))} waited on average, at most ${countText(values[most ?? 0] ?? 0)} (${step(most)}).`,
    empty: values.some((value) => value > 0) ? null : 'No reservation waited.',
  }
}

function longestWait(points: readonly Point[], step: StepOf): ChartModel {
  const values = points.map((point) => (point.longest_wait_seconds > 0 ? point.longest_wait_seconds : null))
  const most = indexOfMost(values)
  return {
    ...{ id: 'longest-wait', title: 'Longest wait', unit: 'seconds', scale: 'linear', stack: [], more: [] },
    lines: [{ key: 'longest', label: 'longest wait', color: 'soon', values }],
    summary: most === null ? '' : `The longest wait was ${secondsText(values[most] ?? 0)} (${step(most)}).`,
    empty: most === null ? 'No reservation waited.' : null,
  }
}

function durations(
  points: readonly Point[],
  operation: 'reserve' | 'recycle',
  title: string,
  [one, many]: readonly [one: string, many: string],
  step: StepOf,
): ChartModel {
  const color = operation === 'reserve' ? 'state-reserved' : 'state-ready'
  const values = (figure: 'p50' | 'p95' | 'max') => points.map((point) => point[operation][`${figure}_seconds`])
  const count = points.reduce((sum, point) => sum + point[operation].count, 0)
  const slowest = values('max')
  const most = indexOfMost(slowest)
  const counts = points.map((point) => point[operation].count)
  const lines: readonly Layer[] = [
    { key: 'p50', label: 'p50', color, values: values('p50') },
    { key: 'p95', label: 'p95', color: 'line-strong', dashed: true, values: values('p95') },
  ]
  const scale = scaleOf(lines)
  return {
    ...{ id: operation, title, unit: 'seconds', scale, stack: [], lines },
    more: [
      { key: 'max', label: 'max', color, values: slowest },
      { key: 'count', label: 'count', color, values: counts },
    ],
    summary:
      `${count.toLocaleString('en')} ${count === 1 ? one : many}; ` +
      `the slowest took ${secondsText(slowest[most ?? 0] ?? 0)} (${step(most)}).` +
      (scale === 'logarithmic' ? ' Logarithmic scale.' : ''),
    empty:
      count > 0
        ? null
        : operation === 'reserve'
          ? 'No reservation became active without a wait.'
          : 'No container was recycled.',
  }
}

/** Red marks what an admin must fix; too few free containers are amber. */
const REFUSAL_LOOKS: Readonly<Record<string, readonly [ColorName, Fill]>> = {
  not_enough: ['soon', 'solid'],
  quota_exceeded: ['link', 'hatched'],
  pool_unusable: ['needs-person', 'solid'],
  engine_unavailable: ['needs-person', 'hatched'],
  guest_failed: ['needs-person', 'dotted'],
}

function refusals(points: readonly Point[]): ChartModel {
  const totals = new Map<string, number>()
  for (const point of points) {
    for (const [code, count] of Object.entries(point.refusals)) totals.set(code, (totals.get(code) ?? 0) + count)
  }
  const codes = [...totals].toSorted(([, one], [, other]) => other - one)
  const stack: readonly Layer[] = codes.map(([code]) => {
    const [color, fill] = REFUSAL_LOOKS[code] ?? ['line-strong', 'faint']
    return { key: code, label: code, color, fill, values: points.map((point) => point.refusals[code] ?? 0) }
  })
  const total = codes.reduce((sum, [, count]) => sum + count, 0)
  const each = codes.map(([code, count]) => `${count.toLocaleString('en')} ${code}`).join(', ')
  return {
    ...{ id: 'refusals', title: 'Refusals', unit: 'count', scale: 'linear', stack, lines: [], more: [] },
    summary: `${total.toLocaleString('en')} ${total === 1 ? 'reserve was' : 'reserves were'} refused: ${each}.`,
    empty: total === 0 ? 'No reserve was refused.' : null,
  }
}
