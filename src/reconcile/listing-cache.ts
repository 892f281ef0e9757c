import type { Clock } from '../ports/clock.ts'
import type { Snapshot } from '../domain/snapshot.ts'

/**
 * A clean listing is cached for this many times its own duration while nothing is due, no row has changed and no
 * event has arrived: listing 600 containers takes Docker 200 ms of a processor.
 */
const LISTING_TTL_FACTOR = 200
const MAX_LISTING_TTL_MS = 30_000
/**
 * While containers are being worked on, events do not cause another listing for this many times its duration. Each
 * container that gets ready is an event, and one listing for each took 5 % of the processor while a pool was filled.
 */
const LISTING_REST_FACTOR = 32
const MAX_LISTING_REST_MS = 2_000

interface CleanListing {
  readonly leading: boolean
  readonly snapshot: Snapshot
  readonly at: number
  readonly until: number
}

/** Decides whether the latest listing still serves. */
export class ListingCache {
  readonly #clock: Clock
  #clean: CleanListing | null = null
  #rest = { from: 0, until: 0 }

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether the latest listing found nothing to do and nothing has changed since. */
  isClean(leading: boolean, snapshot: Snapshot): boolean {
    const now = this.#clock()
    const clean = this.#clean
    if (clean === null || clean.leading !== leading || clean.snapshot !== snapshot) return false
    return now >= clean.at && now < clean.until
  }

  /**
   * Returns until when no event causes a listing while containers are being worked on; null if it may cause one now.
   */
  restsUntil(): number | null {
    const now = this.#clock()
    return now >= this.#rest.from && now < this.#rest.until ? this.#rest.until : null
  }

  forget(): void {
    this.#clean = null
  }

  /**
   * Records a listing that took `tookMs` and ended `at`. `due`: when something is due; `isClean`: there was nothing
   * to do.
   */
  record(
    { leading, snapshot, at, tookMs }: { leading: boolean; snapshot: Snapshot; at: number; tookMs: number },
    { due, isClean }: { due: number; isClean: boolean },
  ): void {
    this.#rest = { from: at, until: at + Math.min(LISTING_REST_FACTOR * tookMs, MAX_LISTING_REST_MS) }
    const until = Math.min(due, at + Math.min(LISTING_TTL_FACTOR * tookMs, MAX_LISTING_TTL_MS))
    if (isClean) this.#clean = { leading, snapshot, at, until }
  }
}
