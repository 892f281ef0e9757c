/** Carries out actions: short steps at once, slow ones in the background, a few at a time. */
import { blocked, broken, type Container, type ContainerState, failed, retired } from '../../domain/container.ts'
import { createLimit } from '../../domain/concurrency.ts'
import { hasCode, isInfrastructureError, reasonOf } from '../../domain/errors.ts'
import type { Observed } from '../../ports/engine.ts'
import type { Metrics } from '../../ports/metrics.ts'
import { createNotifier, type Notifier } from '../../usecases/notifier.ts'
import type { PostponedWrites } from '../../usecases/postponed-writes.ts'
import type { RevocationDeps } from '../../usecases/revocation.ts'
import type { Action } from '../plan/actions.ts'
import { containerKey, imageKey, notificationKey, playbookKey, type WorkKey } from '../work-keys.ts'
import { Activations } from './activations.ts'
import { Builder, type BuilderDeps } from './builder.ts'
import { Endings } from './endings.ts'
import { makeImage } from './image-maker.ts'
import { Peers } from './peers.ts'
import { runPlaybook } from './playbooks.ts'
import { imageContainerName, type Pool } from '../../domain/pool.ts'
import type { PoolImages } from '../pool-images.ts'
import { OverdueAccess } from './overdue.ts'
import { RecurringProblems } from '../recurring-problems.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import { Surveyor } from './surveyor.ts'
import { BackgroundWork } from './work.ts'

export interface ExecutorDeps extends BuilderDeps, Pick<RevocationDeps, 'door'> {
  /** Returns the maximum number of containers that are worked on at once. */
  readonly concurrency: () => number
  readonly metrics: Metrics
  readonly postponed: PostponedWrites
  /** Called after a change that must be reconciled. */
  readonly onProgress: () => void
}

/**
 * Per job: its name in the log, and the states in which a failure may leave the row. In others, another writer owns
 * the row.
 */
const JOBS = {
  adopt: { done: 'adopted', leaves: ['creating'] },
  build: { done: 'built', leaves: ['creating'] },
  recycle: { done: 'recycled', leaves: ['broken', 'removing', 'creating'] },
  restore: { done: 'restored', leaves: ['reserved'] },
} as const satisfies Partial<Record<Action['type'], { done: string; leaves: readonly ContainerState[] }>>

export class Executor {
  /** For work of every manager. */
  readonly #deps: ExecutorDeps
  /** For work of the leader. Its ports refuse to change anything once this manager does not lead any more. */
  readonly #leading: ExecutorDeps
  readonly #images: PoolImages
  readonly #work: BackgroundWork
  readonly #surveyor: Surveyor
  readonly #builder: Builder
  readonly #activations: Activations
  readonly #endings: Endings
  readonly #overdue: OverdueAccess
  readonly #notifier: Notifier
  readonly #peers: Peers
  /** Failures to build, by name of the container. */
  readonly #problems: RecurringProblems
  readonly #limitJobs: ReturnType<typeof createLimit>
  /**
   * Many reservations end at the same hour; notifying all of them at once would keep the engine from everything else.
   */
  readonly #limitNotifications: ReturnType<typeof createLimit>

  constructor(deps: ExecutorDeps, leading: ExecutorDeps, images: PoolImages) {
    this.#deps = deps
    this.#leading = leading
    this.#images = images
    this.#work = new BackgroundWork(deps)
    this.#surveyor = new Surveyor(leading)
    this.#builder = new Builder(leading, this.#surveyor)
    this.#activations = new Activations(deps, this.#work)
    this.#endings = new Endings(deps, this.#work)
    this.#overdue = new OverdueAccess(deps, this.#work)
    this.#notifier = createNotifier(leading)
    this.#peers = new Peers(leading, this.#work)
    this.#problems = new RecurringProblems(deps)
    this.#limitJobs = createLimit(deps.concurrency)
    this.#limitNotifications = createLimit(deps.concurrency)
  }

  /** What is being worked on. */
  get busy(): ReadonlySet<WorkKey> {
    return this.#work.busy
  }

  /** Version of the peers' names that each container has, by engine id. */
  get peerNames(): ReadonlyMap<string, string> {
    return this.#peers.written
  }

  /** Resolves when no work is running. */
  idle(): Promise<void> {
    return this.#work.idle()
  }

  /** Revokes access whose end in these rows has passed. Returns when to call it again, in epoch milliseconds. */
  revokeOverdue(snapshot: Snapshot): number {
    return this.#overdue.enforce(snapshot)
  }

  async carryOut(action: Action): Promise<void> {
    const { store, clock, log, onProgress } = this.#deps
    switch (action.type) {
      case 'end':
      case 'revoke':
        return this.#endings.carryOut(action)
      case 'assign':
        return this.#activations.start(action.reservation, (prepareBy) =>
          store.assign(action.reservation.id, prepareBy, clock()),
        )
      case 'resume':
        return this.#activations.start(action.reservation, (prepareBy) =>
          store.takeOverPreparation(action.reservation.id, action.reservation.prepareBy, prepareBy),
        )
      case 'add':
        await store.addContainers(action.slots, clock())
        return onProgress()
      case 'adopt':
        return this.#startJob(action, () => this.#builder.adopt(action.container, action.observed))
      case 'build':
        return this.#startJob(action, () => this.#builder.build(action.container, action))
      case 'recycle':
        return this.#startJob(action, () => this.#builder.recycle(action.container, action.stale))
      case 'restore':
        return this.#startJob(action, () => this.#builder.restore(action.container, action.reservation, action))
      case 'prepare':
        return this.#startPlaybook(action)
      case 'makeImage':
        return this.#startImage(action)
      case 'block':
        await store.updateContainer(action.container, blocked(action.container, action.reason, clock()), clock())
        return onProgress()
      case 'break':
        log.warn(`${action.container.name} is broken`, { container: action.container.name, reason: action.reason })
        await store.updateContainer(action.container, broken(action.container, action.reason, clock()), clock())
        return onProgress()
      case 'retire':
        log.info(`${action.container.name} is retired`, { container: action.container.name, reason: action.reason })
        await store.updateContainer(action.container, retired(action.reason, clock()), clock())
        return onProgress()
      case 'notify':
        return this.#startNotification(action)
      case 'connectPeers':
      case 'writePeerNames':
      case 'removePeerNetwork':
        return this.#peers.start(action)
      case 'sweep':
        return this.#work.start([containerKey(action.observed.name)], () => this.#sweep(action.observed))
    }
  }

  /** Removes a container that has no row. One may have been added since the listing. */
  async #sweep({ id, name }: Observed): Promise<void> {
    const { store, engine, log } = this.#leading
    if ((await store.container(name)) !== null) return
    log.warn(`removing ${name}: it has our label and no row`, { id })
    await engine.remove(id)
  }

  #startJob(
    { type, container: { name } }: { readonly type: keyof typeof JOBS; readonly container: Container },
    work: () => Promise<Container | null>,
  ): void {
    const { clock, log, metrics } = this.#deps
    const { done, leaves } = JOBS[type]
    const timed = async () => {
      const began = clock()
      const row = await work()
      if (!row) return
      const ms = clock() - began
      log.info(`${name} ${done} in ${ms} ms (generation ${row.generation})`, {
        container: name,
        generation: row.generation,
        ms,
      })
      this.#problems.solved(name)
      metrics.observe(type, ms)
    }
    this.#work.start(
      [containerKey(name)],
      () => this.#limitJobs(timed),
      async (error) => {
        const message = `${name} could not be ${done}`
        const fields = { container: name }
        this.#problems.occurred(name, { level: 'warn', message, reason: reasonOf(error), fields })
        return this.#recordFailure(name, leaves, error)
      },
    )
  }

  /** Returns whether a row was changed. */
  async #recordFailure(name: string, leaves: readonly ContainerState[], error: unknown): Promise<boolean> {
    if (isInfrastructureError(error)) return false
    const { store, clock } = this.#deps
    const row = await store.container(name)
    if (row === null || !leaves.includes(row.state)) return false
    // No retry in the same container makes its image fit.
    const end = hasCode(error, 'image_unfit') && row.state === 'creating' ? broken : failed
    return store.updateContainer(row, end(row, reasonOf(error), clock()), clock())
  }

  #startPlaybook({ pool, containers }: Extract<Action, { type: 'prepare' }>): void {
    const keys = containers.map(({ name }) => containerKey(name))
    this.#work.start([playbookKey(pool.name), ...keys], () =>
      runPlaybook({ ...this.#leading, surveyor: this.#surveyor }, pool, containers),
    )
  }

  #startImage({ missing, stale }: Extract<Action, { type: 'makeImage' }>): void {
    const { pool, image } = missing
    const { clock, log } = this.#deps
    const make = async () => {
      const began = clock()
      log.info(`making the image of pool ${pool.name}`, { pool: pool.name, image })
      const nameOf = (each: Pool) => this.#images.nameOf(each)
      await makeImage({ ...this.#leading, surveyor: this.#surveyor, nameOf }, missing, stale)
      this.#images.recheck()
      const ms = clock() - began
      log.info(`made the image of pool ${pool.name} in ${ms} ms`, { pool: pool.name, image, ms })
    }
    this.#work.start([imageKey(pool.name), containerKey(imageContainerName(pool.name))], make, async (error) => {
      // The engine fails, or the manager stops: it is planned again.
      if (!isInfrastructureError(error)) this.#images.fail(missing, reasonOf(error))
      else log.warn(`the image of pool ${pool.name} could not be made`, { reason: reasonOf(error) })
      return !isInfrastructureError(error)
    })
  }

  #startNotification({ reservation, notification, containers }: Extract<Action, { type: 'notify' }>): void {
    if (this.#notifier.isPausing(reservation.id, notification)) return
    this.#work.start([notificationKey(reservation.id)], () =>
      this.#limitNotifications(() => this.#notifier.notify(reservation.id, containers)),
    )
  }
}
