/** Which of several managers on one database works on the containers. */
import type { Clock } from '../../ports/clock.ts'
import { reasonOf } from '../../domain/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { LeaderTerm } from '../../ports/store/leadership.ts'
import type { Store } from '../../ports/store.ts'

/**
 * Time without a renewal after which a leader counts as dead, on the clock of the manager that watches it. Managers
 * check each second, so another manager takes over within ten seconds.
 */
const TAKE_OVER_AFTER_MS = 8_000
/** Time after the start of its last renewal at which a leader stops working: before another manager takes over. */
const LEASE_MS = 7_000
/** Time after which a leader renews. It has the rest of its lease to try again. */
const RENEW_AFTER_MS = 4_000

export interface LeadershipDeps {
  readonly store: Pick<Store, 'leaderTerm' | 'acquireLeadership' | 'releaseLeadership'>
  readonly clock: Clock
  readonly log: Log
  /** A clock that is never set, in milliseconds; `clock` by default. */
  readonly monotonic?: Clock
  /**
   * Returns a number that rises whenever `clock` has jumped and was measured again; null between the two. A constant by
   * default.
   */
  readonly clockEpoch?: () => number | null
}

/**
 * Compares no two machines' clocks: a manager takes over when it has seen the same renewal for long enough on its own
 * clock. The term fences: a renewal by a manager whose leadership was taken over since changes nothing.
 */
export class Leadership {
  readonly #deps: LeadershipDeps
  readonly #monotonic: Clock
  readonly #epoch: () => number | null
  /** When this manager began its last renewal, on the monotonic clock; null while it does not lead. */
  #renewed: { readonly at: number; readonly epoch: number } | null = null
  /** The latest state of the database, and since when it has been that. */
  #seen: { readonly term: LeaderTerm; readonly since: number } | null = null
  #problem: string | null = null
  /** The latest call of `leads`: the tick and the loop of heartbeats both call it, so calls wait for each other. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(deps: LeadershipDeps) {
    this.#deps = deps
    this.#monotonic = deps.monotonic ?? deps.clock
    this.#epoch = deps.clockEpoch ?? (() => 0)
  }

  /**
   * Returns whether this manager leads now, and tries to. All managers activate and revoke; only the leader does other
   * work on containers and notifies tenants, because otherwise each manager would. `renew`: renews even if the last
   * renewal is recent.
   */
  leads(renew: boolean): Promise<boolean> {
    const asked = this.#last.then(() => this.#acquire(renew))
    this.#last = asked.catch(() => undefined)
    return asked
  }

  /** Returns whether no other manager can have taken over yet. Called right before each change to the engine. */
  isHeld(): boolean {
    if (this.#renewed === null || this.#renewed.epoch !== this.#epoch()) return false
    const since = this.#monotonic() - this.#renewed.at
    return since >= 0 && since < LEASE_MS
  }

  /** Returns why this manager refuses to lead; null if it does not. */
  problem(): string | null {
    return this.#problem
  }

  /** Leaves the work to another manager, if there is one. */
  async release(): Promise<void> {
    if (this.#renewed === null) return
    this.#renewed = null
    const { store, log } = this.#deps
    // Another manager takes over in any case, only later.
    await store
      .releaseLeadership()
      .catch((error: unknown) => log.warn('cannot release leadership', { reason: reasonOf(error) }))
  }

  async #acquire(renew: boolean): Promise<boolean> {
    const { store, clock, log } = this.#deps
    const now = this.#monotonic()
    const epoch = this.#epoch()
    if (epoch === null) return false
    if (!renew && this.#renewed !== null && this.isHeld() && now < this.#renewed.at + RENEW_AFTER_MS) return true
    const term = await store.leaderTerm()
    const isFit = this.#isFit(term)
    const unchangedForMs = this.#watch(term, now)
    const isFree = term.leader !== 'other' || unchangedForMs >= TAKE_OVER_AFTER_MS
    if (isFit && isFree && (await store.acquireLeadership(term, clock()))) {
      if (this.#renewed === null) log.info('this manager leads', { term: term.term + (term.leader === 'own' ? 0 : 1) })
      this.#renewed = { at: now, epoch }
      return true
    }
    if (this.#renewed !== null) log.warn('this manager does not lead any more')
    this.#renewed = null
    if (!isFit && term.leader === 'own') await store.releaseLeadership()
    return false
  }

  /** An older version must not change what a newer one has made of the rows. It goes on serving where it can. */
  #isFit({ newerMigrations }: LeaderTerm): boolean {
    const { log } = this.#deps
    if (newerMigrations.length === 0) {
      this.#problem = null
      return true
    }
    const problem = `a newer version of Berth has changed the database (${newerMigrations.join(', ')}); upgrade this manager`
    if (this.#problem !== problem) log.error('this manager does not lead any more', { reason: problem })
    this.#problem = problem
    return false
  }

  /** Returns for how long this state has been seen, in milliseconds. */
  #watch(term: LeaderTerm, now: number): number {
    const isSame = this.#seen?.term.term === term.term && this.#seen.term.renewals === term.renewals
    // A clock that was set back starts the time again.
    if (!isSame || this.#seen === null || now < this.#seen.since) this.#seen = { term, since: now }
    return now - this.#seen.since
  }
}
