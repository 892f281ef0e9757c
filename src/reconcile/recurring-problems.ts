/** Logs problems that go on: at once, then at growing intervals with their number, so that they do not fill the log. */
import { formatDuration } from '../domain/text/duration.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'

const MINUTE_MS = 60_000
const FIRST_INTERVAL_MS = MINUTE_MS
const MAX_INTERVAL_MS = 3_600_000
/** Different reasons of one problem that are logged at once. More of them would be one reason that varies. */
const MAX_PATTERNS = 5
/** Problems that are remembered. Some are never solved: what they are about is gone. */
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
  /** `state`: it is seen at each look, so how often says nothing. */
  readonly kind?: 'event' | 'state'
  readonly fields?: object
}

export class RecurringProblems {
  readonly #deps: { readonly log: Log; readonly clock: Clock }
  readonly #problems = new Map<string, Problem>()

  constructor(deps: { readonly log: Log; readonly clock: Clock }) {
    this.#deps = deps
  }

  /** Records an occurrence; logs the first one, each new reason, and then ever fewer. */
  occurred(key: string, { level, message, reason, kind = 'event', fields = {} }: ProblemReport): void {
    const { log, clock } = this.#deps
    const now = clock()
    const problem = this.#problems.get(key) ?? this.#begin(key, now)
    problem.count += 1
    const pattern = patternOf(reason)
    const isNew = !problem.patterns.has(pattern) && problem.patterns.size < MAX_PATTERNS
    // A time that is further away means that the clock was set back.
    if (!isNew && now < problem.nextAt && problem.nextAt - now <= problem.intervalMs) return
    problem.patterns.add(pattern)
    if (problem.count > 1) problem.intervalMs = Math.min(problem.intervalMs * 2, MAX_INTERVAL_MS)
    problem.nextAt = now + problem.intervalMs
    const count = kind === 'event' && problem.count > 1 ? problem.count : null
    const said = `${message}${suffix(count, now - problem.since)}`
    log[level](said, { reason, ...fields, ...(count !== null && { count }) })
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

/** Names with numbers, and ids, vary between occurrences of one reason. */
function patternOf(reason: string): string {
  return reason.replaceAll(/\S*\d\S*/g, '#')
}

/** " (12 times in 3m)", " (for 3m)", or nothing for the first time */
function suffix(count: number | null, ms: number): string {
  const minutes = Math.round(ms / MINUTE_MS)
  const span = minutes < 1 ? null : formatDuration(minutes * MINUTE_MS)
  if (count === null) return span === null ? '' : ` (for ${span})`
  return ` (${count} times${span === null ? '' : ` in ${span}`})`
}
