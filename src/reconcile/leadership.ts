/** Which of several managers on one database works on the containers. */
import type { Clock } from '../ports/clock.ts'
import { reasonOf } from '../domain/errors.ts'
import type { Log } from '../ports/log.ts'
import type { LeaderTerm } from '../ports/store/leadership.ts'
import type { Store } from '../ports/store.ts'

/**
 * A leader that has not renewed for this long counts as dead; milliseconds on the clock of the manager that watches it.
 */
const TAKE_OVER_AFTER_MS = 10_000
/** A leader renews this long after the last renewal, and does not work on containers when it could not. */
const RENEW_AFTER_MS = TAKE_OVER_AFTER_MS / 2

export interface Leadership {
  /**
   * Returns whether this manager leads now. All managers activate and revoke; only the leader does other work on
   * containers and notifies tenants, because otherwise each manager would. `renew`: renews even if the last renewal is
   * recent.
   */
  leads(renew: boolean): Promise<boolean>
  /** Leaves the work to another manager, if there is one. */
  release(): Promise<void>
}

/**
 * Compares no two machines' clocks: a manager takes over when it has seen the same renewal for long enough on its own
 * clock. The term fences: a renewal by a manager whose leadership was taken over since changes nothing.
 */
export function createLeadership({ store, clock, log }: { store: Store; clock: Clock; log: Log }): Leadership {
  /** When this manager last renewed, epoch milliseconds; null while it does not lead. */
  let renewedAt: number | null = null
  /** The latest state of the database, and since when it has been that. */
  let seen: { readonly term: LeaderTerm; readonly since: number } | null = null

  /** Returns for how long this state has been seen, in milliseconds. */
  function watch(term: LeaderTerm, now: number): number {
    const isSame = seen?.term.term === term.term && seen.term.renewals === term.renewals
    // A clock that was set back starts the time again.
    if (!isSame || seen === null || now < seen.since) seen = { term, since: now }
    return now - seen.since
  }

  return {
    async leads(renew) {
      const now = clock()
      if (!renew && renewedAt !== null && now >= renewedAt && now < renewedAt + RENEW_AFTER_MS) return true
      renewedAt = null
      const term = await store.leaderTerm()
      const unchangedForMs = watch(term, now)
      if (term.leader === 'other' && unchangedForMs < TAKE_OVER_AFTER_MS) return false
      if (!(await store.acquireLeadership(term))) return false
      renewedAt = now
      return true
    },
    async release() {
      if (renewedAt === null) return
      renewedAt = null
      // Another manager takes over in any case, only later.
      await store
        .releaseLeadership()
        .catch((error: unknown) => log.warn('cannot release leadership', { reason: reasonOf(error) }))
    },
  }
}
