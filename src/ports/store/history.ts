/** The port to the history of pools: events by time, times of reservations, refused reserves. */
import type { ErrorCode } from '../../domain/errors.ts'
import type { EventKind } from '../../domain/event.ts'
import type { PoolChange } from '../../domain/series/pool-change.ts'
import type { RefusalSum } from '../../domain/series/series.ts'
import type { Steps } from '../../domain/series/steps.ts'
import type { ReservationTimes } from '../../domain/series/waits.ts'

/** Events of containers and of pool sizes with an id above `after` and up to `upTo`. */
interface PoolChangeRange {
  readonly after: number
  readonly upTo: number
  /** null: all pools. */
  readonly pool: string | null
  /** Only events of these kinds. */
  readonly kinds?: readonly EventKind[]
  /** Only events of these containers, and of pool sizes. */
  readonly containers?: readonly string[]
}

/** Reservations that waited, or were being prepared, between two times; of one pool or of all. */
export interface ReservationTimesFilter {
  readonly from: number
  readonly to: number
  readonly pool: string | null
}

/** Refused reserves of one minute. */
export interface RefusalCount {
  /** Start of the minute, epoch milliseconds. */
  readonly at: number
  readonly pool: string
  readonly code: ErrorCode
  readonly count: number
}

export interface HistoryStore {
  /** Returns the oldest event that is kept; null before the first. */
  oldestEvent(): Promise<{ readonly id: number; readonly at: number } | null>
  /**
   * Returns the id of the first event at or after this time, or the id of the next event. Wrong by as much as the
   * clocks of the managers differ.
   */
  firstEventAt(at: number): Promise<number>
  /** Oldest first. Returns after the event loop had a turn, so that reading many ranges delays nothing else. */
  poolChanges(range: PoolChangeRange): Promise<PoolChange[]>
  /**
   * Returns a page, and where the next one begins; null: this is the last one. `begin` is that of an earlier call; the
   * first page when left out. Returns after the event loop had a turn.
   */
  reservationTimes(
    filter: ReservationTimesFilter,
    begin?: number,
  ): Promise<{ readonly times: readonly ReservationTimes[]; readonly next: number | null }>
  /** Adds to the counts of these minutes; other managers add to them, too. */
  addRefusals(counts: readonly RefusalCount[]): Promise<void>
  /** Returns sums by step and code, of one pool or of all. */
  refusals(steps: Steps, pool: string | null): Promise<RefusalSum[]>
}
