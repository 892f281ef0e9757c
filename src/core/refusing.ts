/** Why a reserve is refused, and how far an extension may go. */
import { BerthError, type Fault, invalidRequest } from './errors.ts'
import { formatDuration } from './duration.ts'
import type { Identity, Limits } from './identity.ts'
import type { Pool } from './pool.ts'
import type { Claimed } from './store.ts'

/** Says everything that is wrong, not just the first of it. */
export function refuse(checks: readonly { path: string; problem: string | null }[]): void {
  const faults = checks.flatMap(({ path, problem }): Fault[] => (problem === null ? [] : [{ path, message: problem }]))
  if (faults.length > 0) throw invalidRequest(faults)
}

/** `forbidden` for a pool, `quota_exceeded` for more containers, `invalid_request` for a longer time than the limits allow. */
export function refuseBeyond(
  limits: Limits,
  { pool, count, durationMs }: { readonly pool: Pool; readonly count: number; readonly durationMs: number },
): void {
  if (limits.pools !== null && !limits.pools.includes(pool.name)) {
    const allowed = limits.pools.length > 0 ? `only ${limits.pools.join(', ')}` : 'none'
    throw new BerthError('forbidden', `your token is not for the pool ${pool.name}, ${allowed}`)
  }
  if (limits.containers !== null && count > limits.containers) throw overQuota(limits.containers, 0)
  const longest = limits.durationMs
  refuse([
    {
      path: 'duration',
      problem:
        longest !== null && durationMs > longest ? `must be at most ${formatDuration(longest)}, by your token` : null,
    },
  ])
}

/** Why a claim took nothing. */
export function notTaken(claimed: Extract<Claimed, { is: 'short' | 'over_quota' }>, { limits }: Identity): BerthError {
  if (claimed.is === 'over_quota') return overQuota(limits.containers ?? 0, claimed.has)
  const { available, waiting } = claimed
  const only = `Only ${available} container${available === 1 ? '' : 's'} available`
  if (waiting === 0) return new BerthError('not_enough', only)
  const queue = waiting === 1 ? '1 reservation waits' : `${waiting} reservations wait`
  return new BerthError('not_enough', `${only}: ${queue} for more already`)
}

function overQuota(most: number, has: number): BerthError {
  const now = has > 0 ? `, and ${has} of them are taken; release some first` : ''
  return new BerthError('quota_exceeded', `your token allows ${most} containers at once${now}`)
}

interface Ends {
  readonly expiresAt: number
  readonly wanted: number
  readonly byPool: number
  readonly byLimits: number
}

/** Never earlier than it is, and at most as late as the pool and the limits allow; a pool that is gone allows nothing more. */
export function clampEnd({ expiresAt, wanted, byPool, byLimits }: Ends): { to: number; clamped: string | null } {
  if (wanted < expiresAt) return { to: expiresAt, clamped: 'extending never shortens' }
  const latest = Math.min(byPool, byLimits)
  if (wanted <= latest) return { to: wanted, clamped: null }
  const clamped =
    byLimits < byPool ? 'your token does not allow longer than that' : 'the pool does not lend for longer than that'
  return { to: Math.max(expiresAt, latest), clamped }
}
