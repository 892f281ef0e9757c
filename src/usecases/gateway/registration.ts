/** The row of a gateway that runs alone, which shows managers that it may have connections. */
import type { Clock } from '../../ports/clock.ts'
import type { Store } from '../../ports/store.ts'

/** Interval of heartbeats. */
const HEARTBEAT_MS = 1_000
/** The row of a gateway is valid for this time after a heartbeat. */
const VALID_MS = 6_000
/** Time after a heartbeat in which the gateway accepts connections: less, because two clocks measure it. */
const LEASE_MS = 4_000
/** Rows of other gateways that are older are deleted if no open reservation is as old. */
const KEEP_DEAD_MS = 60_000

export interface RegistrationDeps {
  readonly store: Pick<Store, 'renewGateway' | 'removeGateway' | 'forgetGateways' | 'snapshot'>
  /** The clock of the database. */
  readonly clock: Clock
  /** A clock of this machine that is never set, in milliseconds. */
  readonly monotonic: Clock
  /** Host name of this machine, and the address on which the gateway listens. */
  readonly address: string
}

export class Registration {
  readonly #deps: RegistrationDeps
  readonly #startedAt: number
  /** When the latest heartbeat that succeeded began, on the monotonic clock; null before the first. */
  #renewedAt: number | null = null
  #forgottenAt: number

  constructor(deps: RegistrationDeps) {
    this.#deps = deps
    this.#startedAt = this.#forgottenAt = deps.clock()
  }

  /** Returns whether managers know of this gateway at this moment. */
  readonly isValid = (): boolean => this.#renewedAt !== null && this.#deps.monotonic() - this.#renewedAt < LEASE_MS

  /** Sends a heartbeat. Returns when to call it again, in epoch milliseconds. */
  async step(): Promise<number> {
    const { store, clock, monotonic, address } = this.#deps
    const began = monotonic()
    const now = clock()
    await store.renewGateway({ address, startedAt: this.#startedAt, until: now + VALID_MS })
    this.#renewedAt = began
    if (now - this.#forgottenAt >= KEEP_DEAD_MS) await this.#forget(now)
    return now + HEARTBEAT_MS
  }

  /** Called when this gateway has no connections any more. */
  leave(): Promise<void> {
    this.#renewedAt = null
    return this.#deps.store.removeGateway()
  }

  async #forget(now: number): Promise<void> {
    const { reservations } = await this.#deps.store.snapshot()
    const oldest = Math.min(now - KEEP_DEAD_MS, ...reservations.map(({ createdAt }) => createdAt))
    await this.#deps.store.forgetGateways(oldest)
    this.#forgottenAt = now
  }
}
