/**
 * One pass: read the rows, list the engine, plan, carry out. Tests call it themselves; `loop.ts` calls it in a
 * manager.
 */
import type { ContainerSpec } from '../domain/container.ts'
import { hasCode } from '../domain/errors.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import type { EngineStatus } from '../ports/engine-status.ts'
import { EngineView } from './engine-view.ts'
import { carryOutAll } from './execute/carry-out.ts'
import { Executor, type ExecutorDeps } from './execute/executor.ts'
import { ListingCache } from './listing-cache.ts'
import { createDigests, type SpecDigest } from './spec-digests.ts'
import { PoolImages } from './pool-images.ts'
import { fenced } from './managers/fence.ts'
import { Leadership, type LeadershipDeps } from './managers/leadership.ts'
import type { Protected } from './ownership/ownership.ts'
import { createRecognition, type Recognition, type RecognitionDeps } from './ownership/recognition.ts'
import { nextDue, plan } from './plan/plan.ts'
import { RowsPass } from './rows-pass.ts'

export interface ReconcilerDeps
  extends ExecutorDeps,
    Omit<RecognitionDeps, 'instance'>,
    Pick<LeadershipDeps, 'monotonic' | 'clockEpoch'> {
  /** Equal for specs that make equal containers. */
  readonly digestOf: (spec: ContainerSpec) => string
}

/** An engine that does not answer is asked again after this time. */
const ENGINE_RETRY_MS = 1_000

export class Reconciler {
  readonly engineStatus: EngineStatus
  readonly #deps: ReconcilerDeps
  readonly #executor: Executor
  readonly #leadership: Leadership
  readonly #recognition: Recognition
  readonly #view: EngineView
  readonly #rows: RowsPass
  readonly #cache: ListingCache
  readonly #specDigest: SpecDigest
  readonly #images: PoolImages
  #isDatabaseWritable = true
  #isLeading = false

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps
    this.#leadership = new Leadership(deps)
    const leading = fenced(deps, () => this.#leadership.isHeld())
    this.#images = new PoolImages(leading)
    this.#executor = new Executor(deps, leading, this.#images)
    this.#recognition = createRecognition({ ...deps, instance: deps.instance.name })
    this.#view = new EngineView({ ...deps, recognition: this.#recognition })
    this.engineStatus = this.#view
    this.#rows = new RowsPass(deps, this.#executor, this.#view)
    this.#cache = new ListingCache(deps.clock)
    this.#specDigest = createDigests(deps.instance, deps.digestOf)
  }

  /**
   * Plans once and starts what was planned. Returns the time of the next thing to do, in epoch milliseconds. Where
   * listing the engine takes long, it is skipped unless something asks for it. `nudged`: something may have changed.
   */
  async tick(nudged = false): Promise<number> {
    try {
      return await this.#tick(nudged)
    } catch (error) {
      // This tick may have been nudged.
      this.#cache.forget()
      if (hasCode(error, 'database_unavailable')) this.#isDatabaseWritable = false
      throw error
    } finally {
      this.#view.markListed()
    }
  }

  /**
   * Ends what is due and revokes access; returns the time of the next end, in epoch milliseconds. Also called in a
   * loop of its own, so that a slow listing of the engine delays no end.
   */
  enforceExpiry(): Promise<number> {
    return this.#rows.enforceExpiry()
  }

  /** Ends access that `enforceExpiry` could not end in time. Returns when to call it again, in epoch milliseconds. */
  revokeOverdue(): number {
    return this.#rows.revokeOverdue()
  }

  /** Applies to the pools which images they use, if it is time to check. Returns whether anything has changed. */
  refreshImages(): Promise<boolean> {
    return this.#images.refresh()
  }

  /** Resolves when no work is running. */
  idle(): Promise<void> {
    return this.#executor.idle()
  }

  /** Tries to lead if it is time for that, also between two ticks. */
  async lead(): Promise<void> {
    const wasLeading = this.#leadership.isHeld()
    const leads = await this.#leadership.leads(false).catch((error: unknown) => {
      if (hasCode(error, 'database_unavailable')) this.#isDatabaseWritable = false
      throw error
    })
    if (leads && !wasLeading) this.#deps.onProgress()
  }

  /** Returns why this manager refuses to lead; null if it does not. */
  leadershipProblem(): string | null {
    return this.#leadership.problem()
  }

  releaseLeadership(): Promise<void> {
    return this.#leadership.release()
  }

  /** Returns why the engine cannot be used at the moment; null when it can. */
  engineProblem(): string | null {
    return this.#view.problem()
  }

  /** Whether the latest listing of the engine succeeded; false before the first one. */
  engineAnswers(): boolean {
    return this.#view.answers
  }

  /** Whether this manager worked on the containers in the latest tick. */
  isLeading(): boolean {
    return this.#isLeading && this.#leadership.isHeld()
  }

  /** Containers that are left alone, as of the latest listing. */
  protectedContainers(): readonly Protected[] {
    return this.#recognition.protectedContainers()
  }

  /** Whether the database accepted what the latest tick, or renewal of the leadership, had to write. */
  databaseWritable(): boolean {
    return this.#isDatabaseWritable
  }

  async #tick(nudged: boolean): Promise<number> {
    const { engine, clock } = this.#deps
    const busy = this.#executor.busy
    const wasRecognized = this.#view.isRecognized
    await this.#deps.postponed.retry()
    await this.#rows.carryOutRequests()
    // After a write that failed, this one shows whether there is room again.
    const leading = await this.#leadership.leads(!this.#isDatabaseWritable)
    this.#isDatabaseWritable = true
    if (leading) {
      if (await this.refreshImages()) this.#cache.forget()
      await this.#images.removeOld()
    }
    this.#isLeading = leading
    // The rows are read before the engine is listed: what is observed is never older than what is recorded.
    const rows = await this.#rows.read()
    const { snapshot } = rows
    const isClean = busy.size === 0 && this.#cache.isClean(leading, snapshot)
    if (!nudged && isClean) return nextDue(snapshot, clock())
    this.#cache.forget()
    const restsUntil = nudged && busy.size > 0 ? this.#cache.restsUntil() : null
    if (restsUntil !== null) return Math.min(nextDue(snapshot, clock()), restsUntil)
    const began = clock()
    const listing = await this.#view.list(leading, snapshot)
    const at = clock()
    if (!wasRecognized) await this.#rows.carryOutRequests()
    if (listing === null) return Math.min(nextDue(snapshot, at), at + ENGINE_RETRY_MS)
    engine.agent?.preconnect(nextToLend(snapshot))
    const pools = this.#deps.pools.all()
    const working = new Set([...rows.busy, ...busy])
    const input = {
      pools,
      snapshot,
      ...listing,
      missingImages: this.#images.missing,
      peerNames: this.#executor.peerNames,
      specDigest: this.#specDigest,
      busy: working,
    }
    const planned = plan(input, clock())
    const actions = planned.filter((action) => leading || action.type === 'block')
    await carryOutAll(this.#executor, actions)
    const due = nextDue(snapshot, clock())
    this.#cache.record(
      { leading, snapshot, at, tookMs: at - began },
      { due, isClean: actions.length === 0 && listing.unreachable.size === 0 },
    )
    return due
  }
}

/** Returns ready containers, in each pool the lowest number first: that one is lent next. */
function nextToLend({ containers }: Snapshot): string[] {
  const ready = containers.filter(({ state }) => state === 'ready').toSorted((a, b) => a.number - b.number)
  return ready.flatMap(({ engineId }) => engineId ?? [])
}
