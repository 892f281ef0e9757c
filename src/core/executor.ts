/** Carries out what was planned: short steps at once, slow ones beside each other, a few at a time. */
import { type BuildContext, createBuilder } from './building.ts'
import { broken, type Container, type ContainerState, failed, retired } from './container.ts'
import { BerthError, codeOf, isNobodysFault, reasonOf } from './errors.ts'
import { createLimit } from './limit.ts'
import type { Action } from './actions.ts'
import type { Pool } from './pool.ts'
import { letIn, preparationTime } from './opening.ts'
import { tellingKey } from './plan-notices.ts'
import { runPlaybook } from './playbooks.ts'
import type { Metrics } from './ports.ts'
import type { Held } from './store.ts'
import { isDue, type Reservation } from './reservation.ts'
import { cut, revoke } from './revoking.ts'
import { createTeller } from './telling.ts'

export interface ExecutorContext extends BuildContext {
  /** How many containers are worked on at once. */
  readonly concurrency: number
  readonly metrics: Metrics
  /** Something was done, so there may be more to do now. */
  readonly onProgress: () => void
}

export interface Executor {
  carryOut(action: Action): Promise<void>
  /** Names of containers and ids of reservations that something is being done to, and the like. */
  readonly busy: ReadonlySet<string>
  /** Resolves when nothing that was started is under way. */
  idle(): Promise<void>
}

/** Pause before a holder is let in again after the engine did not answer, in milliseconds. */
const OPEN_AGAIN = 2_000

/** What it is called when it is done, and in which states it may leave a row when it fails: others are somebody else's doing. */
const JOBS = {
  adopt: { done: 'adopted', leaves: ['creating'] },
  build: { done: 'built', leaves: ['creating'] },
  recycle: { done: 'recycled', leaves: ['broken', 'removing', 'creating'] },
  restore: { done: 'restored', leaves: ['reserved'] },
} as const satisfies Partial<Record<Action['do'], { done: string; leaves: readonly ContainerState[] }>>

export function createExecutor(context: ExecutorContext): Executor {
  const { pools, store, engine, accounts, clock, log, metrics, onProgress } = context
  const builder = createBuilder(context)
  const teller = createTeller(context)
  const slowly = createLimit(context.concurrency)
  /** Many end at the same hour; all told at once, they would keep the engine from everything else. */
  const besides = createLimit(context.concurrency)
  const busy = new Set<string>()
  const running = new Set<Promise<void>>()

  /**
   * Starts work on the keys unless something is under way there already. After a failure that left no mark in a row the
   * next tick comes in its own time: nudged, it would fail again at once, and again.
   */
  function start(keys: readonly string[], work: () => Promise<void>, onFailure = warn(keys)): void {
    if (keys.some((key) => busy.has(key))) return
    for (const key of keys) busy.add(key)
    const job = work()
      .then(
        () => true,
        (error: unknown) => {
          metrics.failure(codeOf(error))
          return onFailure(error)
        },
      )
      .catch((error: unknown) => {
        log.error('a failure could not be recorded', { keys, reason: reasonOf(error) })
        return false
      })
      .finally(() => {
        for (const key of keys) busy.delete(key)
        running.delete(job)
      })
      .then((changed) => {
        if (changed) onProgress()
      })
    running.add(job)
  }

  function warn(keys: readonly string[]): (error: unknown) => Promise<boolean> {
    return async (error) => {
      log.warn('an action failed and will be tried again', { keys, reason: reasonOf(error) })
      return false
    }
  }

  function startOn({ name }: Container, what: keyof typeof JOBS, work: () => Promise<Container | null>): void {
    const { done, leaves } = JOBS[what]
    const timed = () =>
      slowly(async () => {
        const began = clock()
        const row = await work()
        if (!row) return
        const ms = clock() - began
        log.info(`${name} ${done}`, { generation: row.generation, ms })
        metrics.observe(what, ms)
      })
    start([name], timed, (error) => {
      log.warn(`${name} could not be ${done}`, { reason: reasonOf(error) })
      return recordFailure(name, leaves, error)
    })
  }

  /** False when nothing was recorded. */
  async function recordFailure(name: string, leaves: readonly ContainerState[], error: unknown): Promise<boolean> {
    if (isNobodysFault(error)) return false
    const row = await store.container(name)
    return (
      row !== null &&
      leaves.includes(row.state) &&
      store.updateContainer(row, failed(row, reasonOf(error), clock()), clock())
    )
  }

  function startPlaybook({ name, prepare }: Pool, rows: readonly Container[]): void {
    if (prepare === null) return
    start([`prepare ${name}`, ...rows.map((row) => row.name)], () => runPlaybook(context, prepare, rows))
  }

  /** Lets the holder of a reservation in for whom no request is waiting. `take` makes the containers ours to open. */
  async function startOpening({ id }: Reservation, take: (prepareBy: number) => Promise<Held | null>): Promise<void> {
    if (busy.has(id)) return
    const held = await take(clock() + preparationTime(accounts))
    if (held) start([id], () => openLater(held))
  }

  async function openLater(held: Held): Promise<void> {
    const { id, pool: name, prepareBy } = held.reservation
    try {
      const pool = pools.named(name)
      if (!pool) throw new BerthError('engine_failed', `berth.yml has no pool "${name}" any more`)
      const { reservation } = await letIn(context, held, pool)
      const { waitUntil, activeAt, createdAt } = reservation
      if (waitUntil !== null && activeAt !== null) metrics.observe('queue', activeAt - createdAt)
    } catch (error) {
      if (!isNobodysFault(error)) {
        await store.end([id], { outcome: 'failed', reason: reasonOf(error), seen: { prepareBy } }, clock())
        return
      }
      await store.lease(id, prepareBy, clock() + OPEN_AGAIN)
      throw error
    }
  }

  /** Its end cannot be recorded: nothing may follow from it, but its time is up, whatever comes of the row. */
  async function cutOff({ id, username }: Reservation): Promise<void> {
    const held = await store.held(id)
    if (held && !isDue(held.reservation, clock())) return
    log.warn('access is cut off whose end could not be recorded', { reservation: id, username })
    if (held) await cut(engine, held.containers)
  }

  async function carryOut(action: Action): Promise<void> {
    switch (action.do) {
      case 'end': {
        const { reservation, outcome, reason } = action
        const { state, expiresAt, aliveUntil, prepareBy } = reservation
        // It was planned from an older look: maybe somebody has moved its end at the last moment.
        const seen = { state, expiresAt, aliveUntil, prepareBy }
        const ending = { outcome, seen, ...(reason !== undefined && { reason }) }
        const held = await store.end([reservation.id], ending, clock()).catch((error: unknown) => {
          if (isDue(reservation, clock())) start([reservation.id], () => cutOff(reservation))
          throw error
        })
        // Another look has ended it meanwhile; of one that waits nothing is to be cut off.
        const mine = held.length > 0 && !busy.has(reservation.id)
        if (!mine && reservation.state !== 'waiting') return
        log.info(`reservation ${outcome}`, { reservation: reservation.id, username: reservation.username, reason })
        for (const one of held) start([reservation.id], () => revoke(context, one))
        return
      }
      case 'assign':
        return startOpening(action.reservation, (prepareBy) => store.assign(action.reservation.id, prepareBy, clock()))
      case 'open':
        return startOpening(action.reservation, (prepareBy) =>
          store.lease(action.reservation.id, action.reservation.prepareBy, prepareBy),
        )
      case 'revoke':
        return start([action.reservation.id], () => revoke(context, action))
      case 'add':
        await store.addContainers(action.places, clock())
        return onProgress()
      case 'adopt':
        return startOn(action.container, 'adopt', () => builder.adopt(action.container, action.observed))
      case 'build':
        return startOn(action.container, 'build', () => builder.build(action.container, action))
      case 'recycle':
        return startOn(action.container, 'recycle', () => builder.recycle(action.container, action.stale))
      case 'restore':
        return startOn(action.container, 'restore', () => builder.restore(action.container, action.reservation, action))
      case 'prepare':
        return startPlaybook(action.pool, action.containers)
      case 'break':
        log.warn(`${action.container.name} is broken`, { reason: action.reason })
        await store.updateContainer(action.container, broken(action.container, action.reason, clock()), clock())
        return onProgress()
      case 'retire':
        log.info(`${action.container.name} is retired`, { reason: action.reason })
        await store.updateContainer(action.container, retired(action.reason, clock()), clock())
        return onProgress()
      case 'tell': {
        const { reservation, notice, containers } = action
        if (teller.isPausing(reservation.id, notice)) return
        return start([tellingKey(reservation.id)], () => besides(() => teller.tell(reservation.id, containers)))
      }
      case 'sweep':
        log.warn(`removing ${action.observed.name}: it bears our label but is nobody's`, { id: action.observed.id })
        return start([action.observed.name], () => engine.remove(action.observed.id))
    }
  }

  return {
    carryOut,
    busy,
    async idle() {
      while (running.size > 0) await Promise.all(running)
    },
  }
}
