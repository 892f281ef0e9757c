/** Limits of tokens and pools: what a request may ask for, and how far an extension may go. */
import { BerthError, type Violation, invalidRequest } from '../domain/errors.ts'
import { formatDuration } from '../domain/text/duration.ts'
import type { Limits } from '../domain/identity.ts'
import type { Pool } from '../domain/pool.ts'
import { overQuota } from './refusals.ts'

/**
 * Throws `forbidden` for the pool, `quota_exceeded` for the containers, `invalid_request` for the duration. Checks this
 * request alone: what the owner has already is counted in the claim's transaction (store/sql/quota.ts).
 */
export function assertWithinLimits(
  limits: Limits,
  { pool, count, durationMs }: { readonly pool: Pool; readonly count: number; readonly durationMs: number },
): void {
  if (limits.pools !== null && !limits.pools.includes(pool.name)) {
    const allowed = limits.pools.length > 0 ? limits.pools.join(', ') : 'none'
    throw new BerthError('forbidden', `your token may not use pool "${pool.name}"; it may use: ${allowed}`)
  }
  if (limits.containers !== null && count > limits.containers) throw overQuota(limits.containers, 0)
  const violations = durationViolations(limits, durationMs)
  if (violations.length > 0) throw invalidRequest(violations)
}

/** Returns the violation of the token's maximum duration, if there is one. */
export function durationViolations({ durationMs: most }: Limits, durationMs: number): Violation[] {
  if (most === null || !(durationMs > most)) return []
  const message = `must be at most ${formatDuration(most)}, the limit of your token, got ${formatDuration(durationMs)}`
  return [{ path: 'duration', message }]
}

/** Returns the duration of a reserve that names none: the pool's default, or the token's limit if that is shorter. */
export function defaultDurationMs({ duration }: Pick<Pool, 'duration'>, { durationMs: most }: Limits): number {
  return Math.min(duration.default, most ?? duration.default)
}

interface Extension {
  readonly pool: string
  readonly activeAt: number
  readonly expiresAt: number
  /** The requested end. */
  readonly wanted: number
}

/**
 * Returns the new end, and in `clamped` why it differs from the requested one. It is never before the current end, and
 * moves no further than pool and token allow. `poolMaxMs` is the pool's maximum duration; null if the pool is gone,
 * which allows no more.
 */
export function clampEnd(
  { pool, activeAt, expiresAt, wanted }: Extension,
  poolMaxMs: number | null,
  { durationMs: limitMs }: Limits,
): { to: number; clamped: string | null } {
  if (wanted < expiresAt) return { to: expiresAt, clamped: 'extending never shortens a reservation' }
  const mostMs = Math.min(poolMaxMs ?? 0, limitMs ?? Number.POSITIVE_INFINITY)
  const latest = activeAt + mostMs
  if (wanted <= latest) return { to: wanted, clamped: null }
  const whose = mostMs === limitMs ? 'the limit of your token' : `the maximum of pool "${pool}"`
  const clamped = poolMaxMs === null ? `pool "${pool}" is gone` : `${formatDuration(mostMs)} is ${whose}`
  return { to: Math.max(expiresAt, latest), clamped }
}
