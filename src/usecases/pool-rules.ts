/** What a pool allows a reservation to ask for. */
import { type Violation, invalidRequest } from '../domain/errors.ts'
import type { Pool } from '../domain/pool.ts'
import type { Pools } from '../domain/pools.ts'
import { forJson } from '../domain/text/foreign-text.ts'
import { formatDuration } from '../domain/text/duration.ts'

const MIN_KEEPALIVE_MS = 10_000
/** Maximum number of characters of an unknown name in a message. */
const MAX_SHOWN = 64
const MAX_WAIT_MS = 7 * 86_400_000

/** Times in milliseconds; NaN for one that could not be read, or is too short for the API. */
interface Wanted {
  readonly count: number
  readonly durationMs: number
  readonly keepaliveMs?: number
  readonly waitMs?: number
}

/** Returns the pool of that name, or the first of berth.yml for none. `invalid_request` when there is no such pool. */
export function choosePool(pools: Pools, name: string | undefined): Pool {
  const pool = name === undefined ? pools.all()[0] : pools.named(name)
  if (pool) return pool
  const names = pools.all().map((p) => p.name)
  const got = name === undefined ? '' : `, got ${forJson(name.slice(0, MAX_SHOWN))}`
  throw invalidRequest([{ path: 'pool', message: `must be one of: ${names.join(', ')}${got}` }])
}

export function boundsOf(pool: Pool): { maxCount: number; maxDurationMs: number } {
  return { maxCount: pool.size, maxDurationMs: pool.duration.max }
}

/** Returns why a pool cannot lend that many, in words that follow "count". */
export function countProblem({ name, size }: Pool, count: number): string {
  if (size > 0) return `must be at most ${size}, the size of the pool`
  return `cannot be ${count}: pool "${name}" has size 0; an admin enlarges it with "berth scale ${name} ${count}"`
}

/** Throws `invalid_request` with every violation of the pool's limits. */
export function assertWithinPool(pool: Pool, { count, durationMs, keepaliveMs, waitMs }: Wanted): void {
  const { maxCount, maxDurationMs } = boundsOf(pool)
  const violations: Violation[] = []
  const check = (path: string, ms: number | undefined, min: number, max: number, message: string) => {
    if (ms !== undefined && !(ms >= min && ms <= max)) violations.push({ path, message })
  }
  if (count > maxCount) violations.push({ path: 'count', message: countProblem(pool, count) })
  const most = `${formatDuration(maxDurationMs)} in pool "${pool.name}"`
  check('duration', durationMs, 1, maxDurationMs, `must be a duration like 90m, 2h or PT1H30M, from 1m to ${most}`)
  const alive = `must be a duration like 5m, from ${formatDuration(MIN_KEEPALIVE_MS)} to ${most}`
  check('keepalive', keepaliveMs, MIN_KEEPALIVE_MS, maxDurationMs, alive)
  check('wait', waitMs, 0, MAX_WAIT_MS, 'must be a duration like 10m, from 0s to 7d')
  if (violations.length > 0) throw invalidRequest(violations)
}
