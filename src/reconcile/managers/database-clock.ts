/** The time of the database's clock, which all managers of a server share. */
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'

/** Interval of measurements. */
const MEASURE_INTERVAL_MS = 5_000
/** Interval at which jumps of this machine's clock are noticed. */
const CHECK_INTERVAL_MS = 1_000
/** A difference that is not the drift of a clock: it was set, or the machine was suspended. */
const JUMP_MS = 1_000

export interface DatabaseClockDeps {
  /** Returns the time of the database's clock; null if that is `machine`. */
  readonly read: () => Promise<number | null>
  /** The clock of this machine, and one that is never set. */
  readonly machine: Clock
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
 * Between two measurements the time goes on by the monotonic clock, so a machine's clock that is wrong or set affects
 * no reservation. While the database's clock is that of this machine, it is `machine` itself.
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

  /** How far this machine's clock is ahead of the database's, in milliseconds. */
  readonly offset = (): number => (this.#measured === null ? 0 : this.#deps.machine() - this.now())

  /** Returns a number that rises after each jump, once the clock was measured again; null until then. */
  readonly epoch = (): number | null => (this.#hasJumped() ? null : this.#epoch)

  /** Whether the database has a clock of its own. */
  get isShared(): boolean {
    return this.#isShared
  }

  /** Measures if it is time for that. Returns when to call it again, in epoch milliseconds. */
  async step(): Promise<number> {
    if (this.#measured === null) return Number.POSITIVE_INFINITY
    const since = this.#deps.monotonic() - this.#measured.monotonic
    if (since >= MEASURE_INTERVAL_MS || this.#hasJumped()) await this.measure()
    return this.now() + CHECK_INTERVAL_MS
  }

  /** Asks the database for its time. Rejects as the database does. */
  async measure(): Promise<void> {
    const { read, machine, monotonic, log } = this.#deps
    const begin = monotonic()
    const time = await read()
    const end = monotonic()
    this.#isShared = time !== null
    if (time === null) return
    // Half of the round trip is the best guess of the answer's age, and the largest possible error of it.
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
