/** Figures of pools over time, in equal steps. */
import { CONTAINER_STATES, type ContainerState } from '../container.ts'
import type { ErrorCode } from '../errors.ts'
import type { DurationFigures } from './durations.ts'
import type { Occupancy } from './occupancy.ts'
import type { Steps } from './steps.ts'
import type { Waits } from './waits.ts'

/** Times are epoch milliseconds, durations milliseconds. Numbers of containers are averages over the step. */
export interface SeriesPoint {
  /** Start of the step. */
  readonly at: number
  readonly size: number
  readonly states: Readonly<Record<ContainerState, number>>
  /** Average number of reservations in the queue. */
  readonly waiting: number
  readonly longestWait: number
  readonly reserve: DurationFigures
  readonly recycle: DurationFigures
  readonly refusals: Readonly<Partial<Record<ErrorCode, number>>>
}

export interface Series extends Pick<Steps, 'from' | 'to' | 'stepMs'> {
  /** When the oldest event that is kept happened; null before the first event. */
  readonly keptSince: number | null
  /** Only of times after `keptSince`. */
  readonly points: readonly SeriesPoint[]
}

/** Refused reserves of one code in one step. */
export interface RefusalSum {
  readonly step: number
  readonly code: ErrorCode
  readonly count: number
}

export interface SeriesParts {
  /** Start of the figures, epoch milliseconds. */
  readonly from: number
  readonly occupancy: Occupancy
  readonly waits: Waits
  /** Size × milliseconds by step, of each pool. */
  readonly sizes: readonly Float64Array[]
  readonly refusals: readonly RefusalSum[]
}

/** Refusals are recorded by the minute in which they happened. */
const REFUSALS_MS = 60_000

export function pointsOf(steps: Steps, { from, occupancy, waits, sizes, refusals }: SeriesParts): SeriesPoint[] {
  const first = Math.floor((from - steps.from) / steps.stepMs)
  // The minute in which the figures start may start before them: its refusals belong to the first step.
  // With steps longer than a minute, the first step may start earlier still, and its refusals count as well.
  const isCounted = (step: number) => step >= first || steps.from + step * steps.stepMs > from - REFUSALS_MS
  const counted = refusals.filter(({ step }) => isCounted(step))
  const refused = Map.groupBy(counted, ({ step }) => Math.max(step, first))
  const points: SeriesPoint[] = []
  for (let step = first; step < steps.count; step += 1) {
    const at = steps.from + step * steps.stepMs
    const elapsed = Math.min(at + steps.stepMs, steps.to) - Math.max(at, from)
    const states = CONTAINER_STATES.map((state) => [state, occupancy.ms(state, step) / elapsed])
    points.push({
      at,
      size: sizes.reduce((sum, ms) => sum + (ms[step] ?? 0), 0) / elapsed,
      states: Object.fromEntries(states) as Record<ContainerState, number>,
      waiting: waits.ms(step) / elapsed,
      longestWait: waits.longest(step),
      reserve: waits.reserves.figures(step),
      recycle: occupancy.recycles.figures(step),
      refusals: sumByCode(refused.get(step) ?? []),
    })
  }
  return points
}

function sumByCode(refusals: readonly RefusalSum[]): SeriesPoint['refusals'] {
  const sums: Partial<Record<ErrorCode, number>> = {}
  for (const { code, count } of refusals) sums[code] = (sums[code] ?? 0) + count
  return sums
}
