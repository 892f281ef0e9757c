/** Parses the span and the step of a request for series. */
import { type Violation, invalidRequest } from '../../domain/errors.ts'
import type { Pools } from '../../domain/pools.ts'
import { standardStepMs, stepsOf } from '../../domain/series/steps.ts'
import { formatDuration, parseDuration } from '../../domain/text/duration.ts'
import { gotText } from '../../domain/text/got.ts'
import { unknownPool } from '../../usecases/rules/pool-rules.ts'
import type { SeriesQuery } from '../../usecases/series/series.ts'
import { readTime, time } from '../time.ts'

export type SeriesParameters = { readonly [K in 'pool' | 'from' | 'to' | 'step']?: string }

const DEFAULT_FROM = 'now-24h'
/** Maximum number of points in a response, which is then about a megabyte. */
const MAX_POINTS = 2_000
const MIN_STEP_MS = 1_000
const RELATIVE = /^now(?:-(?<ago>.+))?$/
const ALLOWED_TIMES = 'now, now-24h, a day like 2026-11-24, or an RFC 3339 timestamp like 2026-11-24T17:00:00Z'

/** Returns the query. Throws `invalid_request` with every violation. */
export function readSeriesQuery(query: SeriesParameters, pools: Pools, now: number): SeriesQuery {
  const violations: Violation[] = []
  const { pool = null, from: fromText = DEFAULT_FROM, to: toText = 'now', step: stepText } = query
  const read = (path: 'from' | 'to', text: string) => {
    const at = readMoment(text, now)
    if (at === null) violations.push({ path, message: `must be ${ALLOWED_TIMES}${gotText(text)}` })
    return at ?? now
  }
  if (pool !== null && !pools.named(pool)) violations.push(unknownPool(pools, pool))
  const from = read('from', fromText)
  const to = read('to', toText)
  const stepMs = stepText === undefined ? null : parseDuration(stepText)
  if (violations.length === 0) violations.push(...spanViolations(from, Math.min(to, now)))
  const problem = stepText === undefined ? null : stepProblem(stepMs)
  if (problem !== null) violations.push({ path: 'step', message: `must be ${problem}${gotText(stepText)}` })
  if (violations.length === 0 && stepMs !== null) {
    violations.push(...pointViolations(from, Math.min(to, now), stepMs, stepText))
  }
  if (violations.length > 0) throw invalidRequest(violations)
  const chosen = stepMs ?? standardStepMs(Math.min(to, now) - from)
  return { pool, from, to: to >= now ? null : to, stepMs: chosen }
}

function readMoment(text: string, now: number): number | null {
  const relative = RELATIVE.exec(text)
  if (!relative) return readTime(text)
  const ago = relative.groups?.['ago']
  const ms = ago === undefined ? 0 : parseDuration(ago)
  return ms === null || ms > now ? null : now - ms
}

function spanViolations(from: number, to: number): Violation[] {
  if (from < to) return []
  return [{ path: 'from', message: `must be earlier than to and now, ${time(to)}, got ${time(from)}` }]
}

function stepProblem(stepMs: number | null): string | null {
  if (stepMs !== null && stepMs >= MIN_STEP_MS && stepMs % 1_000 === 0) return null
  return 'a duration of whole seconds, at least 1s, like 30s, 15m or 6h'
}

function pointViolations(from: number, to: number, stepMs: number, got: string | undefined): Violation[] {
  if (stepsOf(from, to, stepMs).count <= MAX_POINTS) return []
  // Rounded up to a minute. One step less, because the first one begins before the span.
  const shortest = formatDuration(Math.ceil((to - from) / (MAX_POINTS - 1) / 60_000) * 60_000)
  const why = `for this span, because an answer has at most ${MAX_POINTS} points`
  return [{ path: 'step', message: `must be at least ${shortest} ${why}${gotText(got)}` }]
}
