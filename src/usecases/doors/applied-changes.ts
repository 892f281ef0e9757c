/**
 * Records for the managers of the database up to which change this process has closed the connections that are over.
 * Only while a reservation is ending: nothing waits for the record otherwise.
 */
import { shareRuns } from '../../domain/concurrency.ts'
import type { Clock } from '../../ports/clock.ts'
import type { DoorRecord } from '../../ports/store/doors.ts'
import type { Store } from '../../ports/store.ts'
import type { LocalDoor } from './local-doors.ts'

/** Interval of checks, in case a notification is lost. */
const STEP_MS = 1_000

export interface AppliedChangesDeps {
  readonly store: Pick<Store, 'snapshot' | 'latestChange' | 'recordApplied' | 'onEvents'>
  readonly kind: DoorRecord['kind']
  readonly here: LocalDoor
  readonly clock: Clock
}

export class AppliedChanges {
  readonly #deps: AppliedChangesDeps
  readonly #unlisten: () => void
  #recorded = 0
  /** Closes what is over, and records it. Rejects if the database cannot be used now. */
  readonly #apply = shareRuns(() => this.#applyOnce())

  constructor(deps: AppliedChangesDeps) {
    this.#deps = deps
    this.#unlisten = deps.store.onEvents(() => void this.#apply().catch(() => undefined))
  }

  /** Applies the changes that no notification has announced. Returns when to call it again. */
  async step(): Promise<number> {
    await this.#apply().catch(() => undefined)
    return this.#deps.clock() + STEP_MS
  }

  stop(): void {
    this.#unlisten()
  }

  async #applyOnce(): Promise<void> {
    const { store, kind, here } = this.#deps
    const { reservations } = await store.snapshot()
    if (!reservations.some(({ state }) => state === 'ending')) return
    // Read before the rows are: they are at least as new.
    const change = await store.latestChange()
    if (change === this.#recorded) return
    await here.closeWhatIsOver()
    // Only now: a manager takes the record for the fact.
    await store.recordApplied(kind, change)
    this.#recorded = change
  }
}
