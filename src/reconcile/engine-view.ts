/**
 * What the reconciler knows of the engine: the latest listing, whose containers they are, and why it cannot be used.
 */
import type { Clock } from '../ports/clock.ts'
import { codeOf, hasCode, reasonOf } from '../domain/errors.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import type { Engine, Observed, PeerNetwork } from '../ports/engine.ts'
import type { EngineStatus } from '../ports/engine-status.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Ownership } from './ownership/ownership.ts'
import type { Recognition } from './ownership/recognition.ts'
import { confirmed } from './listing/confirmed.ts'
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
  readonly peerNetworks: readonly PeerNetwork[]
  readonly ownership: Ownership
  /** Nodes whose rows are left alone: the engine cannot reach them, and has not been able to for a short time only. */
  readonly unreachable: ReadonlySet<string>
  /** Nodes that have not been reached for longer: their containers count as gone. */
  readonly lostNodes: ReadonlySet<string>
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
      const { observed, peerNetworks, unreachable } = await confirmed(engine, snapshot, await engine.list())
      // After the listing: a Docker that is shutting down fails it, and must not be asked to start the firewall then.
      if (leading && !(await engine.isProvisioned())) await engine.provision()
      const ownership = await recognition.recognize({ observed, peerNetworks }, snapshot)
      this.#answers = true
      if (this.#problem !== null) log.info('the engine answers again')
      this.#problem = null
      // A copy has a new identity now, and starts over.
      this.#isProvisioned &&= ownership !== null
      this.#isRecognized ||= ownership !== null
      const known = { observed, peerNetworks, ...this.#nodes.record(unreachable) }
      return ownership && { ...known, ownership }
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
