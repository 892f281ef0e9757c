/** What a pool allows a reservation to ask for. */
import { type Violation, invalidRequest } from '../../domain/errors.ts'
import type { Pool } from '../../domain/pool.ts'
import type { Pools } from '../../domain/pools.ts'
import { MAX_WAIT_MS } from '../../domain/queue.ts'
import { gotText } from '../../domain/text/got.ts'
import { formatDuration } from '../../domain/text/duration.ts'

const MIN_KEEPALIVE_MS = 10_000

/** Times in milliseconds. NaN stands for a time that cannot be read or is too short for the API. */
export interface WantedTimes {
  readonly durationMs: number
  readonly keepaliveMs?: number
  readonly waitMs?: number
  /** The times as the caller wrote them, for messages. */
  readonly written?: { readonly duration?: string; readonly keepalive?: string; readonly wait?: string }
}

export interface WantedOfPool extends WantedTimes {
  readonly count: number
}

/** Returns the pool of that name, or the first of berth.yml for none. `invalid_request` when there is no such pool. */
export function choosePool(pools: Pools, name: string | undefined): Pool {
  const pool = name === undefined ? pools.all()[0] : pools.named(name)
  if (pool) return pool
  throw invalidRequest([unknownPool(pools, name)])
}

/** Returns the violation of a request for a pool that does not exist. */
export function unknownPool(pools: Pools, name: string | undefined): Violation {
  const names = pools.all().map((pool) => pool.name)
  return { path: 'pool', message: `must be one of: ${names.join(', ')}${gotText(name)}` }
}

export function boundsOf(pool: Pool): { maxCount: number; maxDurationMs: number } {
  return { maxCount: pool.size, maxDurationMs: pool.duration.max }
}

/** Returns why a pool cannot lend that many, in words that follow "count". */
export function countProblem({ name, size }: Pool, count: number): string {
  if (size > 0) return `must be at most ${size}, the size of the pool, got ${count}`
  return `cannot be ${count}: pool "${name}" has size 0; an admin enlarges it with "berth scale ${name} ${count}"`
}

/** Throws `invalid_request` with every violation of the pool's limits. */
export function assertWithinPool(pool: Pool, wanted: WantedOfPool): void {
  const violations = poolViolations(pool, wanted)
  if (violations.length > 0) throw invalidRequest(violations)
}

/** Returns every violation of the pool's limits. Without a pool, checks only the limits that all pools share. */
export function poolViolations(pool: Pool | undefined, wanted: WantedOfPool): Violation[] {
  const { count, durationMs, keepaliveMs, waitMs, written = {} } = wanted
  const { maxCount, maxDurationMs } = pool ? boundsOf(pool) : { maxCount: Infinity, maxDurationMs: Infinity }
  const violations: Violation[] = []
  const check = (path: keyof typeof written, ms: number | undefined, [min, max]: [number, number], allowed: string) => {
    if (ms === undefined || (ms >= min && ms <= max)) return
    violations.push({ path, message: `must be a duration like ${allowed}${gotText(written[path])}` })
  }
  if (pool && count > maxCount) violations.push({ path: 'count', message: countProblem(pool, count) })
  const upTo = pool ? ` to ${formatDuration(maxDurationMs)} in pool "${pool.name}"` : ''
  check('duration', durationMs, [1, maxDurationMs], `90m, 2h or PT1H30M, from 1m${upTo}`)
  const least = formatDuration(MIN_KEEPALIVE_MS)
  check('keepalive', keepaliveMs, [MIN_KEEPALIVE_MS, maxDurationMs], `5m, from ${least}${upTo}`)
  check('wait', waitMs, [0, MAX_WAIT_MS], '10m, from 0s to 7d')
  return violations
}
