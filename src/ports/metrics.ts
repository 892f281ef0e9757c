import type { ErrorCode } from '../domain/errors.ts'
import type { Outcome } from '../domain/reservation.ts'

/** Operations whose duration is measured. */
export type Timed = 'reserve' | 'queue' | 'revoke' | 'adopt' | 'build' | 'prepare' | 'recycle' | 'restore'

/** Counts what happens, for monitoring. Never waits and never fails. */
export interface Metrics {
  /**
   * Records the duration of an operation that succeeded, in milliseconds. `revoke` is measured from the time when
   * access should have ended.
   */
  observe(what: Timed, ms: number): void
  /** Counts a failure in the engine or inside a container, whether or not it will be tried again. */
  failure(code: ErrorCode): void
  /** Counts a reserve that was understood and not served, by its error code. */
  refused(pool: string, code: ErrorCode): void
  /** Counts a reservation that has ended. */
  ended(pool: string, outcome: Outcome): void
}
