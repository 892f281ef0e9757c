/** What a pool can lend now and soon, and the caller's limit: shown in the form, and after a refusal. */
import type { Me, Pool, Reservation } from '../../api/types.ts'
import { clockText, durationText, type TimeWords } from '../../words/time.ts'

const MINUTE = 60_000
/** Proposed wait if it is not known when enough containers will be free. */
const DEFAULT_WAIT = '10m'

/** Returns "7 of 10 are free. You hold 2 of at most 3 containers." */
export function availabilityText(
  pool: Pick<Pool, 'containers' | 'size' | 'waiting'>,
  me: Pick<Me, 'limits' | 'containers_held'>,
): string {
  const free = pool.containers['ready'] ?? 0
  const queue =
    pool.waiting === 0
      ? ''
      : `, and ${pool.waiting === 1 ? '1 reservation is waiting' : `${pool.waiting} reservations are waiting`}`
  const { containers: most } = me.limits
  const quota = most === null ? '' : ` You hold ${me.containers_held} of at most ${most} containers.`
  return `${free} of ${pool.size} ${free === 1 ? 'is' : 'are'} free${queue}.${quota}`
}

/** Returns the duration of a reserve that names none, as the manager chooses it, in milliseconds. */
export function defaultDurationMs(
  pool: Pick<Pool, 'duration_default_seconds'>,
  { limits }: Pick<Me, 'limits'>,
): number {
  return Math.min(pool.duration_default_seconds, limits.duration_seconds ?? pool.duration_default_seconds) * 1_000
}

/**
 * Returns when `count` containers will be free if no reservation is extended or released early; null if that is not
 * known. Users see the ends of their own reservations only, and the next end of the pool.
 */
export function estimatedStart(
  pool: Pick<Pool, 'name' | 'containers' | 'next_free_at'>,
  count: number,
  reservations: readonly Pick<Reservation, 'pool' | 'expires_at' | 'containers' | 'state'>[],
): number | null {
  let missing = count - (pool.containers['ready'] ?? 0)
  const ends = reservations
    .filter((one) => one.pool === pool.name && one.state === 'active' && one.expires_at !== null)
    .map((one) => ({ at: Date.parse(one.expires_at ?? ''), containers: one.containers.length }))
    .toSorted((one, other) => one.at - other.at)
  for (const { at, containers } of ends) {
    missing -= containers
    if (missing <= 0) return at
  }
  return pool.next_free_at === null ? null : Date.parse(pool.next_free_at)
}

/** Returns the wait for the API: a little longer than the estimate, in whole minutes. */
export function proposedWait(start: number | null, now: number): string {
  if (start === null) return DEFAULT_WAIT
  return `${Math.max(1, Math.ceil((start - now) / MINUTE) + 1)}m`
}

/** Returns "Enough will be free at about 14:31 (in 4 min)." */
export function startText(start: number | null, now: number, words: TimeWords): string {
  if (start === null) return 'It is not known when enough containers will be free.'
  if (start <= now) return 'Enough will be free in a moment.'
  return `Enough will be free at about ${clockText(start, now, words)} (in ${durationText(start - now)}).`
}
