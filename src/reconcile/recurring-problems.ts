/** Logs a recurring problem at once, then at growing intervals with its count, so that it does not fill the log. */
import { formatDuration } from '../domain/text/duration.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'

const MINUTE_MS = 60_000
/** Interval after the first line of a problem. It doubles with each line, up to the maximum. */
const FIRST_INTERVAL_MS = MINUTE_MS
const MAX_INTERVAL_MS = 3_600_000
/** Maximum number of reasons of a problem that are logged at once. With more, it is one reason that varies. */
const MAX_PATTERNS = 5
/** Maximum number of problems; the oldest is dropped. Some are never solved: their container or pool is gone. */
const MAX_PROBLEMS = 1_000

interface Problem {
  readonly since: number
  readonly patterns: Set<string>
  count: number
  intervalMs: number
  /** When it is logged again, epoch milliseconds. */
  nextAt: number
}

export interface ProblemReport {
  readonly level: 'warn' | 'error'
  readonly message: string
  readonly reason: string
  /** `event`: occurrences are counted. `state`: each check reports it again, so only its duration is logged. */
  readonly kind?: 'event' | 'state'
  readonly fields?: object
}

export class RecurringProblems {
  readonly #deps: { readonly log: Log; readonly clock: Clock }
  readonly #problems = new Map<string, Problem>()

  constructor(deps: { readonly log: Log; readonly clock: Clock }) {
    this.#deps = deps
  }

  /** Records an occurrence. Logs the first one, each new reason, and later ones at growing intervals. */
  occurred(key: string, { level, message, reason, kind = 'event', fields = {} }: ProblemReport): void {
    const { log, clock } = this.#deps
    const now = clock()
    const problem = this.#problems.get(key) ?? this.#begin(key, now)
    problem.count += 1
    const pattern = patternOf(reason)
    const isNew = !problem.patterns.has(pattern) && problem.patterns.size < MAX_PATTERNS
    // If `nextAt` is further away than the interval, the clock was set back.
    if (!isNew && now < problem.nextAt && problem.nextAt - now <= problem.intervalMs) return
    problem.patterns.add(pattern)
    if (problem.count > 1) problem.intervalMs = Math.min(problem.intervalMs * 2, MAX_INTERVAL_MS)
    problem.nextAt = now + problem.intervalMs
    const count = kind === 'event' && problem.count > 1 ? problem.count : null
    log[level](`${message}${suffix(count, now - problem.since)}`, {
      reason,
      ...fields,
      ...(count !== null && { count }),
    })
  }

  /** Forgets a problem that is over. Returns whether there was one. */
  solved(key: string): boolean {
    return this.#problems.delete(key)
  }

  #begin(key: string, now: number): Problem {
    const [oldest] = this.#problems.keys()
    if (this.#problems.size >= MAX_PROBLEMS && oldest !== undefined) this.#problems.delete(oldest)
    const problem = { since: now, patterns: new Set<string>(), count: 0, intervalMs: FIRST_INTERVAL_MS, nextAt: now }
    this.#problems.set(key, problem)
    return problem
  }
}

/** Returns the reason without words that contain a digit: names and ids vary between occurrences. */
function patternOf(reason: string): string {
  return reason.replaceAll(/\S*\d\S*/g, '#')
}

/** Returns e.g. " (12 times in 3m)" or " (for 3m)"; empty for the first occurrence. */
function suffix(count: number | null, ms: number): string {
  const minutes = Math.round(ms / MINUTE_MS)
  const span = minutes < 1 ? null : formatDuration(minutes * MINUTE_MS)
  if (count === null) return span === null ? '' : ` (for ${span})`
  return ` (${count} times${span === null ? '' : ` in ${span}`})`
}
