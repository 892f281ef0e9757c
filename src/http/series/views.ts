/** How the API shows series: as JSON and as CSV. */
import type { Static } from 'typebox'
import { CONTAINER_STATES } from '../../domain/container.ts'
import type { DurationFigures } from '../../domain/series/durations.ts'
import type { Series, SeriesPoint } from '../../domain/series/series.ts'
import { optionalTime, time } from '../time.ts'
import { writeCsv } from '../usage/csv.ts'
import type { SeriesView } from './schemas.ts'

type View = Static<typeof SeriesView>

export function viewSeries({ from, to, stepMs, keptSince, points }: Series): View {
  return {
    from: time(from),
    to: time(to),
    step_seconds: stepMs / 1_000,
    kept_since: optionalTime(keptSince),
    points: points.map(viewPoint),
  }
}

function viewPoint({ at, size, states, waiting, longestWait, reserve, recycle, refusals }: SeriesPoint) {
  return {
    at: time(at),
    size: rounded(size),
    states: Object.fromEntries(
      CONTAINER_STATES.map((state) => [state, rounded(states[state])]),
    ) as SeriesPoint['states'],
    waiting: rounded(waiting),
    longest_wait_seconds: longestWait / 1_000,
    reserve: viewDurations(reserve),
    recycle: viewDurations(recycle),
    refusals: refusals as Record<string, number>,
  }
}

function viewDurations({ count, p50, p95, max }: DurationFigures) {
  return { count, p50_seconds: seconds(p50), p95_seconds: seconds(p95), max_seconds: seconds(max) }
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000
}

/** Rounds an average to three decimals. */
function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000
}

const MEASURED = ['count', 'p50_seconds', 'p95_seconds', 'max_seconds'] as const

/** Returns one line per point. After the fixed columns, there is a column for each refusal code in the span. */
export function seriesCsv({ points }: View): string {
  const codes = [...new Set(points.flatMap(({ refusals }) => Object.keys(refusals)))].toSorted()
  const header = [
    ...['at', 'size', ...CONTAINER_STATES, 'waiting', 'longest_wait_seconds'],
    ...['reserve', 'recycle'].flatMap((operation) => MEASURED.map((figure) => `${operation}_${figure}`)),
    ...['refusals', ...codes.map((code) => `refused_${code}`)],
  ]
  const lines = points.map((point) => [
    ...[point.at, point.size, ...CONTAINER_STATES.map((state) => point.states[state])],
    ...[point.waiting, point.longest_wait_seconds],
    ...[point.reserve, point.recycle].flatMap((durations) => MEASURED.map((figure) => durations[figure] ?? '')),
    Object.values(point.refusals).reduce((sum, count) => sum + count, 0),
    ...codes.map((code) => point.refusals[code] ?? 0),
  ])
  return writeCsv(header, lines)
}
