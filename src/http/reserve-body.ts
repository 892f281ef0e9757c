/** What the body of a reserve asks for, checked against the pool as far as the pool knows. */
import { parseDuration } from '../core/duration.ts'
import { type Fault, invalidRequest } from '../core/errors.ts'
import type { Pool } from '../core/pool.ts'
import type { Pools } from '../core/pools.ts'

const MINUTE = 60_000
const SHORTEST_KEEPALIVE = 10_000
const LONGEST_WAIT = 7 * 86_400_000

interface ReserveBody {
  readonly pool?: string
  readonly count?: number
  readonly duration?: string
  readonly keepalive?: string
  readonly wait?: string
}

interface Wanted {
  readonly pool: Pool
  readonly count: number
  readonly durationMs: number
  readonly keepaliveMs?: number
  readonly waitMs?: number
}

/** `invalid_request` with everything that is wrong, at once. */
export function readReserve(pools: Pools, body: ReserveBody): Wanted {
  const pool = body.pool === undefined ? pools.all()[0] : pools.named(body.pool)
  if (!pool) {
    const names = pools.all().map((p) => p.name)
    throw invalidRequest([{ path: 'pool', message: `must be one of: ${names.join(', ')}` }])
  }
  const { count = 1 } = body
  const faults: Fault[] = []
  const span = (path: 'duration' | 'keepalive' | 'wait', least: number, most: number, message: string) => {
    const text = body[path]
    const ms = text === undefined ? undefined : (parseDuration(text) ?? -1)
    if (ms !== undefined && (ms < least || ms > most)) faults.push({ path, message })
    return ms
  }
  if (count > pool.size) faults.push({ path: 'count', message: `must be at most ${pool.size}, the size of the pool` })
  const { max } = pool.duration
  const minutes = `must be a duration like 90m, 2h or PT1H30M, from 1 to ${max / MINUTE} minutes`
  const durationMs = span('duration', MINUTE, max, minutes) ?? pool.duration.default
  const alive = 'must be a duration like 5m, from 10s to the longest duration of the pool'
  const keepaliveMs = span('keepalive', SHORTEST_KEEPALIVE, max, alive)
  const waitMs = span('wait', 0, LONGEST_WAIT, 'must be a duration like 10m, from 0s to 7d')
  if (faults.length > 0) throw invalidRequest(faults)
  return {
    ...{ pool, count, durationMs },
    ...(keepaliveMs !== undefined && { keepaliveMs }),
    // "0s" is the same as not to wait.
    ...(waitMs !== undefined && waitMs > 0 && { waitMs }),
  }
}

/** `{extend: "30m"}` adds to the present end, `{expires_at}` names one. */
export function readEnd(body: { extend?: string; expires_at?: string }): (expiresAt: number) => number {
  const { extend, expires_at } = body
  if ((extend === undefined) === (expires_at === undefined)) {
    throw invalidRequest([{ path: 'extend', message: 'or expires_at must be given, and not both' }])
  }
  if (expires_at !== undefined) {
    const end = Date.parse(expires_at)
    if (Number.isNaN(end))
      throw invalidRequest([{ path: 'expires_at', message: 'must be a time of RFC 3339 that there is' }])
    return () => end
  }
  const ms = parseDuration(extend ?? '')
  if (ms === null) throw invalidRequest([{ path: 'extend', message: 'must be a duration like 30m, 2h or PT1H30M' }])
  return (expiresAt) => expiresAt + ms
}
