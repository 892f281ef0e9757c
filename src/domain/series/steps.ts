/** The steps into which a span of time is divided. Times are epoch milliseconds. */

export interface Steps {
  /** Start of the first step: a multiple of the step. */
  readonly from: number
  /** End of the span, in the last step. */
  readonly to: number
  readonly stepMs: number
  readonly count: number
}

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** Steps that divide a minute, an hour or a day, so that they start at full minutes and hours (UTC). */
const STANDARD_STEPS_MS = [
  ...[1, 5, 10, 30].map((seconds) => seconds * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
]
/** Maximum number of points with a standard step. */
const STANDARD_POINTS = 120

/** Returns the shortest standard step that divides the span into at most 120 steps. */
export function standardStepMs(spanMs: number): number {
  const shortest = spanMs / STANDARD_POINTS
  return STANDARD_STEPS_MS.find((step) => step >= shortest) ?? Math.ceil(shortest / DAY_MS) * DAY_MS
}

/** Returns the steps that contain the span. `from` is moved back to a multiple of the step. */
export function stepsOf(from: number, to: number, stepMs: number): Steps {
  const begin = Math.floor(from / stepMs) * stepMs
  return { from: begin, to, stepMs, count: Math.max(0, Math.ceil((to - begin) / stepMs)) }
}

/** Returns the index of the step that contains this time; null for a time outside the span. */
export function stepAt({ from, to, stepMs }: Steps, at: number): number | null {
  return at < from || at >= to ? null : Math.floor((at - from) / stepMs)
}

/** Calls `visit` with each step that overlaps the time from `begin` to `end`, and with the overlap. */
export function eachOverlap(
  { from, to, stepMs }: Steps,
  begin: number,
  end: number,
  visit: (step: number, overlap: { readonly begin: number; readonly end: number }) => void,
): void {
  const last = Math.min(end, to)
  for (let at = Math.max(begin, from); at < last; ) {
    const step = Math.floor((at - from) / stepMs)
    const next = Math.min(last, from + (step + 1) * stepMs)
    visit(step, { begin: at, end: next })
    at = next
  }
}
