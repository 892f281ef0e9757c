/**
 * What every manager does from the rows alone, without a listing of the engine: ends access on time and carries out
 * what was requested.
 */
import type { Snapshot } from '../domain/snapshot.ts'
import type { EngineView } from './engine-view.ts'
import { carryOutAll } from './execute/carry-out.ts'
import type { Executor, ExecutorDeps } from './execute/executor.ts'
import { nextEnd, planEnds, planRequests } from './plan/plan.ts'
import type { WorkKey } from './work-keys.ts'

/** Interval of checks until the containers are recognized. */
const RECOGNITION_CHECK_MS = 1_000
/** Maximum age of the rows from which access ends while the database does not answer. */
const MAX_ROWS_AGE_MS = 1_000
/**
 * Maximum number of concurrent `end` transactions. They share commits; one at a time, 1,000 of them took seconds. A
 * reserve waits for no more than these.
 */
const MAX_CONCURRENT_ENDS = 32

type RowsPassDeps = Pick<ExecutorDeps, 'pools' | 'store' | 'clock'>

export interface Rows {
  readonly snapshot: Snapshot
  readonly busy: ReadonlySet<WorkKey>
}

export class RowsPass {
  readonly #deps: RowsPassDeps
  readonly #executor: Executor
  readonly #view: EngineView
  /** The rows that were read last; null before the first read. */
  #latest: Snapshot | null = null

  constructor(deps: RowsPassDeps, executor: Executor, view: EngineView) {
    this.#deps = deps
    this.#executor = executor
    this.#view = view
  }

  /**
   * Reads the rows, with what was being worked on before and after: it has moved on since, and stays out of the plan.
   */
  async read(): Promise<Rows> {
    const { pools, store } = this.#deps
    const busy = [...this.#executor.busy]
    const snapshot = await store.snapshot()
    this.#latest = snapshot
    pools.resize(snapshot.sizes)
    return { snapshot, busy: new Set([...busy, ...this.#executor.busy]) }
  }

  /** Ends what is due and revokes access. Returns the time of the next end, in epoch milliseconds. */
  async enforceExpiry(): Promise<number> {
    const { pools, clock } = this.#deps
    if (!this.#view.isRecognized) return clock() + RECOGNITION_CHECK_MS
    const { snapshot } = await this.read()
    const ends = planEnds({ pools: pools.all(), snapshot }, clock())
    await carryOutAll(this.#executor, ends, MAX_CONCURRENT_ENDS)
    return Math.min(nextEnd(snapshot, clock()), clock() + MAX_ROWS_AGE_MS)
  }

  /** Ends access that `enforceExpiry` could not end in time. Returns when to call it again, in epoch milliseconds. */
  revokeOverdue(): number {
    if (this.#latest === null || !this.#view.isRecognized) return this.#deps.clock() + RECOGNITION_CHECK_MS
    return this.#executor.revokeOverdue(this.#latest)
  }

  /** Enforces expiry, then carries out requests. Before the containers are recognized it only adds rows. */
  async carryOutRequests(): Promise<void> {
    await this.enforceExpiry()
    const { snapshot } = await this.read()
    const actions = planRequests({ pools: this.#deps.pools.all(), snapshot }, this.#deps.clock())
    const allowed = actions.filter(({ type }) => this.#view.isRecognized || type === 'add')
    await carryOutAll(this.#executor, allowed)
  }
}
