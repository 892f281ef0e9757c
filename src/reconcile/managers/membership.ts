/** Shows the other managers that this one lives, and takes up what dead ones were preparing. */
import type { Clock } from '../../ports/clock.ts'
import { reasonOf } from '../../domain/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { Heartbeat } from '../../ports/store/leadership.ts'
import type { Store } from '../../ports/store.ts'

/** Interval of heartbeats while there are other managers, and of looking for those. */
const BEAT_MS = 1_000
/** A manager is dead this many intervals after its last heartbeat: within five seconds its work is taken up. */
const BEATS_UNTIL_DEAD = 3
/** How long dead managers are listed. */
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
  /** Interval of heartbeats of the only manager. */
  readonly aloneMs: number
  /** Tries to lead, if it is time for that. */
  readonly lead: () => Promise<void>
  /** Called when preparations can be resumed. */
  readonly onReleased: () => void
}

export class Membership {
  readonly #deps: MembershipDeps
  readonly #startedAt: number
  /** When it renews its row. */
  #renewAt = 0
  #isAlone = false

  constructor(deps: MembershipDeps) {
    this.#deps = deps
    this.#startedAt = deps.clock()
  }

  async register(): Promise<void> {
    await this.#deps.store.registerManager(this.#heartbeat(BEAT_MS))
  }

  /** Removes this manager from the list; another one resumes at once what it could not finish. */
  async leave(): Promise<void> {
    const { store, log } = this.#deps
    await store
      .unregisterManager()
      .catch((error: unknown) => log.warn('cannot sign off from the other managers', { reason: reasonOf(error) }))
  }

  /** Returns the time of the next step, in epoch milliseconds. */
  async step(): Promise<number> {
    const { store, clock, lead } = this.#deps
    const managers = await store.managers()
    const now = clock()
    const others = managers.filter(({ isOwn }) => !isOwn)
    const isAlone = !others.some(({ until }) => until >= now)
    const intervalMs = isAlone ? this.#deps.aloneMs : BEAT_MS
    // One that is not alone any more must not be counted on for as long as before.
    if (now >= this.#renewAt || this.#isAlone !== isAlone || now < this.#renewAt - intervalMs) {
      this.#isAlone = isAlone
      await store.renewManager(this.#heartbeat(intervalMs))
    }
    const dead = others.filter(({ until }) => until < now)
    if (dead.length > 0) await this.#takeUp(dead, now)
    await lead()
    // The loop comes at least every five seconds: that is soon enough to notice the second manager.
    return now + intervalMs
  }

  async #takeUp(dead: readonly { readonly until: number; readonly address: string }[], now: number): Promise<void> {
    const { store, log, onReleased } = this.#deps
    if (await store.releasePreparations(now)) {
      log.warn('taking up what a dead manager was preparing', { managers: dead.map(({ address }) => address) })
      onReleased()
    }
    if (dead.some(({ until }) => until < now - KEEP_DEAD_MS)) await store.forgetManagers(now - KEEP_DEAD_MS)
  }

  #heartbeat(intervalMs: number): Heartbeat {
    const { version, clock, clockOffset } = this.#deps
    const now = clock()
    this.#renewAt = now + intervalMs
    const until = now + BEATS_UNTIL_DEAD * intervalMs
    return { version, startedAt: this.#startedAt, seenAt: now, until, clockOffset: Math.round(clockOffset()) }
  }
}
