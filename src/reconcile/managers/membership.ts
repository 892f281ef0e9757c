/** Shows other managers that this one lives, and releases the preparations of dead managers. */
import type { Clock } from '../../ports/clock.ts'
import { reasonOf } from '../../domain/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { Heartbeat } from '../../ports/store/leadership.ts'
import type { Store } from '../../ports/store.ts'

/** Interval of heartbeats while there are other managers. */
const HEARTBEAT_INTERVAL_MS = 1_000
/** Number of intervals without a heartbeat after which a manager counts as dead. Its work is resumed within 5 s. */
const MAX_MISSED_HEARTBEATS = 3
/** Time for which dead managers are listed: an hour. */
const KEEP_DEAD_MS = 3_600_000

export interface MembershipDeps {
  readonly store: Pick<
    Store,
    'registerManager' | 'renewManager' | 'unregisterManager' | 'managers' | 'releasePreparations' | 'forgetManagers'
  >
  readonly clock: Clock
  readonly log: Log
  readonly version: string
  /** Returns how far this machine's clock is ahead of the database's, in milliseconds. */
  readonly clockOffset: () => number
  /** Interval of heartbeats while there is no other manager, in milliseconds. */
  readonly aloneMs: number
  /** Tries to lead if it is time for that. */
  readonly lead: () => Promise<void>
  /** Called when preparations can be resumed. */
  readonly onReleased: () => void
}

export class Membership {
  readonly #deps: MembershipDeps
  readonly #startedAt: number
  /** Time of the next heartbeat, in epoch milliseconds. */
  #renewAt = 0
  #isAlone = false

  constructor(deps: MembershipDeps) {
    this.#deps = deps
    this.#startedAt = deps.clock()
  }

  async register(): Promise<void> {
    await this.#deps.store.registerManager(this.#heartbeat(HEARTBEAT_INTERVAL_MS))
  }

  /** Unregisters this manager. Another manager resumes at once what it could not finish. */
  async leave(): Promise<void> {
    const { store, log } = this.#deps
    await store
      .unregisterManager()
      .catch((error: unknown) => log.warn('cannot unregister this manager', { reason: reasonOf(error) }))
  }

  /** Sends a heartbeat if one is due, and releases preparations. Returns the time of the next step. */
  async step(): Promise<number> {
    const { store, clock, lead } = this.#deps
    const managers = await store.managers()
    const now = clock()
    const others = managers.filter(({ isOwn }) => !isOwn)
    const isAlone = !others.some(({ until }) => until >= now)
    const intervalMs = isAlone ? this.#deps.aloneMs : HEARTBEAT_INTERVAL_MS
    // A manager that is not alone any more must count as dead sooner than the row says that it wrote alone.
    if (now >= this.#renewAt || this.#isAlone !== isAlone || now < this.#renewAt - intervalMs) {
      this.#isAlone = isAlone
      await store.renewManager(this.#heartbeat(intervalMs))
    }
    const dead = others.filter(({ until }) => until < now)
    if (dead.length > 0) await this.#release(dead, now)
    await lead()
    // The loop calls this at least every five seconds, which is soon enough to notice a second manager.
    return now + intervalMs
  }

  async #release(dead: readonly { readonly until: number; readonly address: string }[], now: number): Promise<void> {
    const { store, log, onReleased } = this.#deps
    if (await store.releasePreparations(now)) {
      log.warn('resuming the preparations of dead managers', { managers: dead.map(({ address }) => address) })
      onReleased()
    }
    if (dead.some(({ until }) => until < now - KEEP_DEAD_MS)) await store.forgetManagers(now - KEEP_DEAD_MS)
  }

  #heartbeat(intervalMs: number): Heartbeat {
    const { version, clock, clockOffset } = this.#deps
    const now = clock()
    this.#renewAt = now + intervalMs
    const until = now + MAX_MISSED_HEARTBEATS * intervalMs
    return { version, startedAt: this.#startedAt, seenAt: now, until, clockOffset: Math.round(clockOffset()) }
  }
}
