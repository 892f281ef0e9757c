/** What a chart shows, without a way to draw it: made from series by pure functions, drawn by `chart/`. */
import type { Series } from '../../api/types.ts'

/** Name of a colour in theme/states.css, without the dashes. */
export type ColorName =
  | 'state-ready'
  | 'state-reserved'
  | 'state-creating'
  | 'state-removing'
  | 'state-broken'
  | 'state-quarantined'
  | 'needs-person'
  | 'soon'
  | 'link'
  | 'line-strong'
  | 'text'

/** How an area is filled, so that areas can be distinguished without colours. */
export type Fill = 'solid' | 'faint' | 'hatched' | 'crossed' | 'dotted'

export interface Layer {
  readonly key: string
  readonly label: string
  readonly color: ColorName
  /** Of areas only. */
  readonly fill?: Fill
  readonly dashed?: boolean
  /** One for each point; null: nothing was measured. */
  readonly values: readonly (number | null)[]
}

export interface ChartModel {
  readonly id: string
  readonly title: string
  /** What is shown, in a sentence with the main figures. */
  readonly summary: string
  readonly unit: 'count' | 'seconds'
  /** Logarithmic where values differ so much that small ones would lie on the axis. */
  readonly scale: 'linear' | 'logarithmic'
  /** Areas on top of each other, the lowest first. */
  readonly stack: readonly Layer[]
  readonly lines: readonly Layer[]
  /** Figures for the table only. */
  readonly more: readonly Layer[]
  /** Why there is nothing to draw; null if there is. */
  readonly empty: string | null
}

/** Columns for the chart: times, the sums of the stack, and the lines. */
export interface ChartColumns {
  readonly times: readonly number[]
  /** The highest sum first, so that lower areas are drawn over higher ones. */
  readonly sums: readonly (readonly (number | null)[])[]
  readonly lines: readonly (readonly (number | null)[])[]
}

export type Point = Series['points'][number]

/** Adds the end of the last step: without it, the last value would have no width. */
export function columnsOf({ points, to }: Series, { stack, lines }: ChartModel): ChartColumns {
  const closed = (values: readonly (number | null)[]) => (values.length === 0 ? [] : [...values, values.at(-1) ?? null])
  const times = points.map(({ at }) => Date.parse(at))
  return {
    times: times.length === 0 ? [] : [...times, Date.parse(to)],
    sums: sumsOf(stack.map(({ values }) => values))
      .map(closed)
      .toReversed(),
    lines: lines.map(({ values }) => closed(values)),
  }
}

/** Returns for each layer the sum of it and those below. */
export function sumsOf(layers: readonly (readonly (number | null)[])[]): number[][] {
  const sums: number[][] = []
  for (const values of layers) {
    const below = sums.at(-1)
    sums.push(values.map((value, index) => (value ?? 0) + (below?.[index] ?? 0)))
  }
  return sums
}

/** Returns the index of the largest value; null if nothing was measured. The first of equal ones. */
export function indexOfMost(values: readonly (number | null)[]): number | null {
  let found: number | null = null
  for (const [index, value] of values.entries()) {
    if (value !== null && (found === null || value > (values[found] ?? 0))) found = index
  }
  return found
}

/** Maximum ratio of the largest to the smallest value on a linear scale. */
const LINEAR_RATIO = 20
/** Shorter durations are drawn as this one, because a logarithmic scale has no 0. */
export const SHORTEST_DRAWN_S = 0.001

export function scaleOf(layers: readonly Layer[]): ChartModel['scale'] {
  const values = layers.flatMap((layer) => layer.values.filter((value) => value !== null))
  const most = Math.max(SHORTEST_DRAWN_S, ...values)
  const least = Math.max(SHORTEST_DRAWN_S, Math.min(...values))
  return most / least > LINEAR_RATIO ? 'logarithmic' : 'linear'
}
