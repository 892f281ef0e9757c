import type { Container } from './container.ts'
import type { Reservation } from './reservation.ts'

/** The rows that decisions are based on, read in one transaction. */
export interface Snapshot {
  /** Of all pools, in natural order. */
  readonly containers: readonly Container[]
  /** Not ended, oldest first. */
  readonly reservations: readonly Reservation[]
  /** Sizes of pools that were changed at run time; they override berth.yml. */
  readonly sizes: ReadonlyMap<string, number>
}
