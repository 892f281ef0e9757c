/**
 * What the reconciler knows of the engine: the latest listing, whose containers they are, and why it cannot be used.
 */
import type { Clock } from '../ports/clock.ts'
import { codeOf, hasCode, reasonOf } from '../domain/errors.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import type { Engine, Observed } from '../ports/engine.ts'
import type { EngineStatus } from '../ports/engine-status.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Ownership } from './ownership/ownership.ts'
import type { Recognition } from './ownership/recognition.ts'
import { NodeDeadlines } from './node-deadlines.ts'

interface EngineViewDeps {
  readonly engine: Engine
  readonly recognition: Recognition
  readonly log: Log
  readonly metrics: Metrics
  readonly clock: Clock
}

export interface Listing {
  readonly observed: readonly Observed[]
  readonly ownership: Ownership
  /** Nodes whose rows are left alone: the engine cannot reach them, and has not been able to for a short time only. */
  readonly unreachable: ReadonlySet<string>
}

export class EngineView implements EngineStatus {
  readonly #deps: EngineViewDeps
  readonly #firstListing = Promise.withResolvers<void>()
  readonly #nodes: NodeDeadlines
  #problem: string | null = null
  #answers = false
  #isProvisioned = false
  #isRecognized = false

  constructor(deps: EngineViewDeps) {
    this.#deps = deps
    this.#nodes = new NodeDeadlines(deps)
  }

  /**
   * Whether it is known that the containers of the rows are this database's. Until then nothing is activated or
   * revoked.
   */
  get isRecognized(): boolean {
    return this.#isRecognized
  }

  /** Whether the latest listing succeeded; false before the first one. */
  get answers(): boolean {
    return this.#answers
  }

  problem(): string | null {
    return this.#problem
  }

  firstListing(): Promise<void> {
    return this.#firstListing.promise
  }

  /** A listing was tried, whatever came of it. */
  markListed(): void {
    this.#firstListing.resolve()
  }

  /** Lists the containers. null if the engine cannot be used, or this database turned out to be a copy. */
  async list(leading: boolean, snapshot: Snapshot): Promise<Listing | null> {
    const { engine, recognition, log, metrics } = this.#deps
    try {
      if (leading && !this.#isProvisioned) {
        await engine.provision()
        this.#isProvisioned = true
      }
      const { observed, unreachable } = await engine.list()
      // After the listing: a Docker that is shutting down fails it, and must not be asked to start the firewall then.
      if (leading && !(await engine.isProvisioned())) await engine.provision()
      const ownership = await recognition.recognize(observed, snapshot)
      this.#answers = true
      if (this.#problem !== null) log.info('the engine answers again')
      this.#problem = null
      // A copy has a new identity now, and starts over.
      this.#isProvisioned &&= ownership !== null
      this.#isRecognized ||= ownership !== null
      return ownership && { observed, ownership, unreachable: this.#nodes.record(unreachable) }
    } catch (error) {
      if (hasCode(error, 'database_unavailable')) throw error
      // Without a firewall nothing can be activated, but access is revoked all the same.
      this.#isRecognized ||= !hasCode(error, 'engine_unavailable')
      metrics.failure(codeOf(error))
      const reason = reasonOf(error)
      if (this.#problem !== reason) log.error('the engine does not answer; waiting for it', { reason })
      this.#problem = reason
      this.#answers = false
      // The engine may have lost its networks as well.
      this.#isProvisioned = false
      return null
    }
  }
}

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
