/** The axis of values: where it begins and ends, and its ticks at values that people can read. */
import type uPlot from 'uplot'
import { type ChartModel, SHORTEST_DRAWN_S } from '../chart-model.ts'
import { countText, secondsAxisText } from '../figure-text.ts'

const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000]
const FRACTIONS = [0.1, 0.2, 0.5]
const SECONDS = [
  ...[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800],
  ...[3_600, 7_200, 14_400, 28_800, 86_400, 172_800, 604_800],
]
const LOGARITHMIC_TICKS = [0.001, 0.01, 0.1, 1, 10, 60, 600, 3_600, 36_000, 360_000]
/** Room above the largest value and, on a logarithmic scale, below the smallest one. */
const MARGIN = 1.3

export function scaleOptions({ unit, scale }: ChartModel): uPlot.Scale {
  if (scale === 'logarithmic') {
    return { distr: 3, range: (_u, min, max) => [Math.max(SHORTEST_DRAWN_S, min / MARGIN), max * MARGIN] }
  }
  const least = unit === 'count' ? 1 : SHORTEST_DRAWN_S
  return { range: (_u, _min, max) => [0, Math.max(least, max * 1.05)] }
}

export function ticksOf(model: ChartModel): Pick<uPlot.Axis, 'incrs' | 'splits' | 'values'> {
  const { unit, scale } = model
  const text = unit === 'count' ? countText : secondsAxisText
  const values = (_u: uPlot, ticks: number[]) => ticks.map(text)
  if (scale === 'logarithmic') {
    const splits = (_u: uPlot, _axis: number, min: number, max: number) =>
      LOGARITHMIC_TICKS.filter((tick) => tick >= min && tick <= max)
    return { splits, values }
  }
  if (unit === 'seconds') return { incrs: SECONDS, values }
  return { incrs: isWhole(model) ? WHOLE : [...FRACTIONS, ...WHOLE], values }
}

function isWhole({ stack, lines }: ChartModel): boolean {
  return [...stack, ...lines].every((layer) => layer.values.every((value) => Number.isInteger(value ?? 0)))
}
