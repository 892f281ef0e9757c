/** tick(): snapshot -> plan -> carry out. Tests call it themselves; `loop.ts` calls it in a running manager. */
import type { Action } from './actions.ts'
import type { ContainerSpec } from './container.ts'
import { codeOf, hasCode, reasonOf } from './errors.ts'
import { createExecutor, type ExecutorContext } from './executor.ts'
import { createLimit } from './limit.ts'
import { nextDue, plan } from './plan.ts'
import { type Pool, portOf, specOf } from './pool.ts'
import type { Observed } from './ports.ts'
import type { Snapshot } from './store.ts'

export interface ReconcilerContext extends ExecutorContext {
  /** Equal for specs that give equal containers. */
  readonly digestOf: (spec: ContainerSpec) => string
}

export interface Reconciler {
  /**
   * Plans once and starts what was planned; gives the time of the next thing to do, in epoch milliseconds. Where a look at
   * the engine takes long, it is spared when nothing asks for one. `hinted`: something may have changed there.
   */
  tick(hinted?: boolean): Promise<number>
  /**
   * Only ends what is due and cuts access; gives the time of the next end. For a loop of its own: a tick that waits for a
   * slow listing of the engine keeps nobody in.
   */
  cut(): Promise<number>
  /** Resolves when nothing that was started is under way. */
  idle(): Promise<void>
  /** Whether it is so now. */
  isIdle(): boolean
  /** Why the engine cannot be used at the moment; null when it can. */
  engineProblem(): string | null
  /** Leaves the work on containers to another manager, if there is one. */
  resign(): Promise<void>
  /** Whether the latest look at the engine succeeded; false before the first one. */
  engineAnswers(): boolean
  /** Whether the database took what the latest tick had to write into it. */
  databaseWritable(): boolean
}

/** How often an engine that does not answer is asked again. */
const ASK_AGAIN = 1_000
/**
 * How many times as long as a look takes it is good for, when nothing is due, nothing has changed in the rows and nobody has
 * given a hint: of six hundred containers, one takes Docker 200 ms of a processor.
 */
const LOOK_KEEPS = 200
const LOOK_KEEPS_MOST = 30_000
/**
 * How many times as long as it took a look is good for while containers are being worked on: each that gets ready is a hint, and a
 * look at all of them, each time, took a pool that is being filled a twentieth of the processor.
 */
const LOOK_RESTS = 32
const LOOK_RESTS_MOST = 2_000
/**
 * As many ends are recorded beside each other, and share their commits: one after another, those of a thousand took seconds.
 * Whoever reserves meanwhile waits for no more than these.
 */
const ENDS_AT_ONCE = 32
/** When the manager that works on the containers is dead for so long, another one takes that over. */
const LEAD = 10_000

export function createReconciler(context: ReconcilerContext): Reconciler {
  const { site, store, engine, pools, clock, log, metrics, digestOf } = context
  const executor = createExecutor(context)
  let problem: string | null = null
  let answers = false
  let prepared = false
  let writable = true
  let leadsUntil = 0
  /** The latest look, if it found nothing to do. */
  let latest: Look | null = null
  /** From the latest look until when no hint asks for another while containers are being worked on, epoch milliseconds. */
  let resting = { from: 0, until: 0 }

  /** By pool, then by number: asked for each container at each tick, and never another while the pool is the same. */
  const digests = new WeakMap<Pool, Map<number, string>>()

  function specDigest(pool: Pool, number: number): string {
    const known = digests.get(pool) ?? new Map<number, string>()
    digests.set(pool, known)
    const digest =
      known.get(number) ?? digestOf(specOf(site, pool, { number, port: portOf(pool, number) ?? 0, generation: null }))
    known.set(number, digest)
    return digest
  }

  /** null when the engine does not answer. */
  async function look(leading: boolean): Promise<Observed[] | null> {
    try {
      if (leading && !prepared) {
        await engine.prepare()
        prepared = true
      }
      const observed = await engine.list()
      answers = true
      if (problem !== null) log.info('the engine answers again')
      problem = null
      return observed
    } catch (error) {
      metrics.failure(codeOf(error))
      const reason = reasonOf(error)
      if (problem !== reason) log.error('the engine does not answer; waiting for it', { reason })
      problem = reason
      answers = false
      // Whatever came over it may have taken our network with it.
      prepared = false
      return null
    }
  }

  /** Gives how much there was to do. */
  async function carryOut(observed: readonly Observed[] | null, rows: Rows): Promise<number> {
    const actions = planned(observed, rows)
    await carryOutEach(actions)
    return actions.length
  }

  function planned(observed: readonly Observed[] | null, { snapshot, busy }: Rows): Action[] {
    return plan({ pools: pools.all(), snapshot, observed, specDigest, busy }, clock())
  }

  /** Those that cut off access first. What cannot be recorded of one action keeps none of the others waiting. */
  async function carryOutEach(actions: readonly Action[]): Promise<void> {
    const failures: unknown[] = []
    const attempt = async (action: Action) => {
      await executor.carryOut(action).catch((error: unknown) => failures.push(error))
    }
    const beside = createLimit(ENDS_AT_ONCE)
    await Promise.all(actions.filter(isCut).map((action) => beside(() => attempt(action))))
    for (const action of actions) if (!isCut(action)) await attempt(action)
    if (failures.length > 0) throw failures[0]
  }

  /** The rows, and what was being worked on when they were read: it has moved on since, and stays out of the plan. */
  async function read(): Promise<Rows> {
    const busy = [...executor.busy]
    const snapshot = await store.snapshot()
    pools.resize(snapshot.sizes)
    return { snapshot, busy: new Set([...busy, ...executor.busy]) }
  }

  /**
   * Several managers may share a database. All of them let holders in and cut them off; one works on the containers: what
   * is written and said in them would be written and said by each.
   */
  async function leads(): Promise<boolean> {
    const now = clock()
    const left = leadsUntil - now
    // After a write that failed, this one shows whether there is room again.
    if (writable && left > LEAD / 2 && left <= LEAD) return true
    leadsUntil = (await store.lead(LEAD, now)) ? now + LEAD : 0
    return leadsUntil !== 0
  }

  function isKept(leading: boolean, { snapshot }: Rows): boolean {
    const now = clock()
    if (latest === null || executor.busy.size > 0) return false
    return latest.leading === leading && latest.snapshot === snapshot && now >= latest.at && now < latest.until
  }

  function isResting(): boolean {
    const now = clock()
    return executor.busy.size > 0 && now >= resting.from && now < resting.until
  }

  async function tick(hinted: boolean): Promise<number> {
    // Access ends on time even when the engine takes its time to answer.
    await carryOut(null, await read())
    // First the rows, then the look at the engine: what is seen is never older than what is believed.
    const leading = await leads()
    writable = true
    const rows = await read()
    const { snapshot } = rows
    if (!hinted && isKept(leading, rows)) return nextDue(snapshot, clock())
    latest = null
    if (hinted && isResting()) return Math.min(nextDue(snapshot, clock(), executor.busy), resting.until)
    const began = clock()
    const observed = await look(leading)
    if (observed !== null) engine.arm(nextToLend(snapshot))
    const at = clock()
    const busy = new Set([...rows.busy, ...executor.busy])
    const done = leading ? await carryOut(observed, { ...rows, busy }) : 0
    const due = nextDue(snapshot, clock(), executor.busy)
    if (observed === null) return Math.min(due, clock() + ASK_AGAIN)
    resting = { from: at, until: at + Math.min(LOOK_RESTS * (at - began), LOOK_RESTS_MOST) }
    const until = Math.min(due, at + Math.min(LOOK_KEEPS * (at - began), LOOK_KEEPS_MOST))
    if (done === 0) latest = { leading, snapshot, at, until }
    return due
  }

  return {
    async tick(hinted = false) {
      try {
        return await tick(hinted)
      } catch (error) {
        // It may have been hinted.
        latest = null
        if (hasCode(error, 'database_unavailable')) writable = false
        throw error
      }
    },
    async cut() {
      const busy = new Set(executor.busy)
      const snapshot = await store.snapshot()
      await carryOutEach(planned(null, { snapshot, busy }).filter(cutsAccess))
      return nextDue(snapshot, clock())
    },
    idle: () => executor.idle(),
    isIdle: () => executor.busy.size === 0,
    async resign() {
      if (leadsUntil === 0) return
      leadsUntil = 0
      // Another manager takes it over in any case, only later.
      await store.resign().catch((error: unknown) => log.warn('cannot resign', { reason: reasonOf(error) }))
    },
    engineProblem: () => problem,
    engineAnswers: () => answers,
    databaseWritable: () => writable,
  }
}

/** What was known when the engine was looked at, and until when that is good enough; epoch milliseconds. */
interface Look {
  readonly leading: boolean
  readonly snapshot: Snapshot
  readonly at: number
  readonly until: number
}

interface Rows {
  readonly snapshot: Snapshot
  readonly busy: ReadonlySet<string>
}

/** Of each pool, the lowest number is lent out first. */
function nextToLend({ containers }: Snapshot): string[] {
  const ready = containers.filter(({ state }) => state === 'ready').toSorted((a, b) => a.number - b.number)
  return ready.flatMap(({ engineId }) => engineId ?? [])
}

function isCut(action: Action): action is Extract<Action, { do: 'revoke' | 'end' }> {
  return action.do === 'revoke' || action.do === 'end'
}

function cutsAccess(action: Action): boolean {
  return isCut(action) && action.reservation.state !== 'waiting'
}
