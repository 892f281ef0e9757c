/** Limits of tokens and pools: the texts of a refused reserve (403, 409, 429), and how far an extension may go. */
import { BerthError, type Violation, invalidRequest } from '../domain/errors.ts'
import { formatDuration } from '../domain/text/duration.ts'
import type { Identity, Limits } from '../domain/identity.ts'
import type { Pool } from '../domain/pool.ts'
import type { Claimed } from '../ports/store.ts'

/** Throws `invalid_request` with all problems, not just the first. */
export function assertValid(checks: readonly { path: string; problem: string | null }[]): void {
  const violations = checks.flatMap(({ path, problem }): Violation[] =>
    problem === null ? [] : [{ path, message: problem }],
  )
  if (violations.length > 0) throw invalidRequest(violations)
}

/**
 * Throws `forbidden` for the pool, `quota_exceeded` for the containers, `invalid_request` for the duration. Checks this
 * request alone: what the owner has already is counted in the claim's transaction (`countOwned`, store/sql/claims.ts).
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
  const most = limits.durationMs
  if (most !== null && durationMs > most) {
    const message = `must be at most ${formatDuration(most)}, the limit of your token`
    throw invalidRequest([{ path: 'duration', message }])
  }
}

/** Returns why a claim took nothing. */
export function claimError(
  claimed: Extract<Claimed, { kind: 'short' | 'over_quota' | 'queue_full' }>,
  { limits }: Identity,
  { pool, problem }: { readonly pool: string; readonly problem: string | null },
): BerthError {
  if (problem !== null && claimed.kind === 'short') {
    return new BerthError('pool_unusable', `pool "${pool}" cannot lend any container: ${problem}`)
  }
  if (claimed.kind === 'over_quota') return overQuota(limits.containers ?? 0, claimed.has)
  if (claimed.kind === 'queue_full') {
    const why = `you have ${claimed.most} waiting reservations, the maximum`
    return new BerthError('quota_exceeded', `${why}; release some that are not needed, or try again later`)
  }
  const { available, waiting } = claimed
  const only = `Only ${available} container${available === 1 ? '' : 's'} available`
  if (waiting === 0) return new BerthError('not_enough', only)
  const queue = waiting === 1 ? '1 reservation is' : `${waiting} reservations are`
  return new BerthError('not_enough', `${only}, and ${queue} waiting for more`)
}

function overQuota(most: number, has: number): BerthError {
  const now = has > 0 ? ` and you hold ${has}; release some first` : ''
  return new BerthError('quota_exceeded', `your token allows ${most} containers at once${now}`)
}

interface Extension {
  readonly pool: string
  readonly activeAt: number
  readonly expiresAt: number
  /** The requested end. */
  readonly wanted: number
}

/**
 * Returns the new end, never earlier than the present one and at most what pool and token allow, and why it is not the
 * requested one. `poolMaxMs` is the pool's maximum duration; null if the pool is gone, which allows no more.
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
