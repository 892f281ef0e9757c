/** The time of the database's clock, which all managers of the database share. */
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'

/** Interval of measurements. */
const MEASURE_INTERVAL_MS = 5_000
/** Interval of checks for jumps of this machine's clock. */
const CHECK_INTERVAL_MS = 1_000
/** Minimum difference that is not the drift of a clock: a clock was set, or the machine was suspended. */
const JUMP_MS = 1_000

export interface DatabaseClockDeps {
  /** Returns the time of the database's clock; null if that is `machine`. */
  readonly read: () => Promise<number | null>
  /** The clock of this machine, which may be set. */
  readonly machine: Clock
  /** A clock of this machine that is never set. */
  readonly monotonic: Clock
  readonly log: Log
}

/** The three clocks at one moment. */
interface Moment {
  readonly database: number
  readonly machine: number
  readonly monotonic: number
}

/**
 * Measures the database's clock, and counts by the monotonic clock between measurements. A machine's clock that is
 * wrong or set therefore affects no reservation. If the database uses this machine's clock, so does this.
 */
export class DatabaseClock {
  readonly #deps: DatabaseClockDeps
  #measured: Moment | null = null
  #epoch = 0
  #isShared = false

  constructor(deps: DatabaseClockDeps) {
    this.#deps = deps
  }

  /** Returns the time of the database's clock, in epoch milliseconds. */
  readonly now: Clock = () => {
    const { machine, monotonic } = this.#deps
    if (this.#measured === null) return machine()
    return Math.round(this.#measured.database + monotonic() - this.#measured.monotonic)
  }

  /** Returns how far this machine's clock is ahead of the database's, in milliseconds. */
  readonly offset = (): number => (this.#measured === null ? 0 : this.#deps.machine() - this.now())

  /** Returns the number of jumps of a clock; null from a jump until the database's clock was measured again. */
  readonly epoch = (): number | null => (this.#hasJumped() ? null : this.#epoch)

  /** Whether the database has a clock of its own. */
  get isShared(): boolean {
    return this.#isShared
  }

  /** Measures if a measurement is due. Returns when to call it again, in epoch milliseconds. */
  async step(): Promise<number> {
    if (this.#measured === null) return Number.POSITIVE_INFINITY
    const since = this.#deps.monotonic() - this.#measured.monotonic
    if (since >= MEASURE_INTERVAL_MS || this.#hasJumped()) await this.measure()
    return this.now() + CHECK_INTERVAL_MS
  }

  /** Reads the time of the database. Rejects when it cannot be read. */
  async measure(): Promise<void> {
    const { read, machine, monotonic, log } = this.#deps
    const begin = monotonic()
    const time = await read()
    const end = monotonic()
    this.#isShared = time !== null
    if (time === null) return
    // Half of the round trip is the best estimate of the answer's age, and the largest possible error of it.
    const uncertainty = (end - begin) / 2
    const expected = this.#measured && this.#measured.database + end - this.#measured.monotonic
    const found = time + uncertainty
    const error = expected === null ? 0 : found - expected
    const hasJumped = this.#hasJumped() || Math.abs(error) > JUMP_MS + uncertainty
    if (hasJumped) {
      this.#epoch += 1
      log.warn('a clock has jumped, or the machine was suspended', { correctedByMs: Math.round(error) })
    }
    // An error within the uncertainty may be that of this measurement.
    const isKept = expected !== null && !hasJumped && Math.abs(error) <= uncertainty
    this.#measured = { database: isKept ? expected : found, machine: machine(), monotonic: end }
  }

  #hasJumped(): boolean {
    if (this.#measured === null) return false
    const { machine, monotonic } = this.#deps
    return Math.abs(machine() - this.#measured.machine - (monotonic() - this.#measured.monotonic)) > JUMP_MS
  }
}
