/**
 * A manager in virtual time. Use cases, store, HTTP server and the loops for work and expiry are those of src/main.ts.
 * The engine is in memory, callers are not authenticated, and only errors are logged.
 */
import type { MemoryAccounts } from '../../src/accounts/memory.ts'
import type { DatabaseMark } from '../../src/domain/database-mark.ts'
import { UNLIMITED } from '../../src/domain/identity.ts'
import type { Pool } from '../../src/domain/pool.ts'
import { createPools } from '../../src/domain/pools.ts'
import { LocalTime } from '../../src/domain/text/local-time.ts'
import { specDigest } from '../../src/engine/labels.ts'
import { openMemory } from '../../src/engine/memory/engine.ts'
import type { MemoryHost } from '../../src/engine/memory/host.ts'
import type { Authenticate } from '../../src/http/auth/identity.ts'
import { openMetrics } from '../../src/http/ops/metrics.ts'
import { buildServer } from '../../src/http/server.ts'
import type { Engine } from '../../src/ports/engine.ts'
import type { Log } from '../../src/ports/log.ts'
import type { Store } from '../../src/ports/store.ts'
import { startLoop } from '../../src/reconcile/loop.ts'
import { Reconciler } from '../../src/reconcile/reconciler.ts'
import { createSchedule } from '../../src/reconcile/schedule.ts'
import { createAdmin } from '../../src/usecases/admin.ts'
import { PostponedWrites } from '../../src/usecases/postponed-writes.ts'
import { createNodes } from '../../src/usecases/nodes/nodes.ts'
import { createReservations } from '../../src/usecases/reservations.ts'
import { Terminals } from '../../src/usecases/terminals/terminals.ts'
import { Tunnels } from '../../src/usecases/tunnels/tunnels.ts'
import { contextOf, BUILD, SETTINGS } from '../api.ts'
import { USER_HEADER } from './client.ts'
import { INSTANCE } from './fleet.ts'
import type { Samples } from '../samples.ts'
import { type Stopwatch, TickTimes } from './tick-times.ts'
import type { Timeline } from './timeline.ts'

/**
 * Virtual time in which the engine lists one container. An assumption: many nodes share the work. A single Docker takes
 * 0.33 ms.
 */
const LISTING_MS_PER_CONTAINER = 0.02
const MAX_CONCURRENT_JOBS = 16

export interface ManagerDeps {
  readonly timeline: Timeline
  readonly host: MemoryHost
  readonly accounts: MemoryAccounts
  readonly database: DatabaseMark
  readonly store: Store
  readonly pools: readonly Pool[]
  readonly samples: Samples
  readonly newId: () => string
  /** The manager appends what it logs as an error. */
  readonly errors: string[]
}

export interface SimulatedManager {
  readonly origin: string
  /** Resolves when no work is running in the background. */
  idle(): Promise<void>
  stop(): Promise<void>
}

export async function startSimulatedManager(deps: ManagerDeps): Promise<SimulatedManager> {
  const { timeline, host, accounts, database, samples, newId } = deps
  const clock = timeline.now
  const log = logOf(deps.errors)
  const ticks = new TickTimes(samples)
  const pools = createPools(deps.pools)
  const schedule = createSchedule()
  const localTime = new LocalTime('UTC')
  const metrics = openMetrics(BUILD)
  const engine = slowListing(openMemory({ database, instance: INSTANCE.name, host }), timeline, host, ticks)
  const store = timedClaims(deps.store, samples)
  const ports = { engine, accounts, store }
  const postponed = new PostponedWrites()
  const reconciler = new Reconciler({
    ...ports,
    postponed,
    store: ticks.watch(store),
    instance: INSTANCE,
    pools,
    clock,
    log,
    metrics,
    concurrency: () => MAX_CONCURRENT_JOBS,
    database,
    isGone: () => false,
    digestOf: specDigest,
    localTime,
    onProgress: () => schedule.nudge(),
  })
  const { engineStatus } = reconciler
  const common = { ...ports, pools, clock, log, metrics, newId, localTime, postponed }
  // Callers log in by keys, so no password is hashed.
  const hashPassword = async () => '$6$salt$hash'
  const reservations = createReservations({ ...common, engineStatus, schedule, hashPassword })
  const admin = createAdmin({ pools, store, clock, log, onChange: () => schedule.nudge() })
  const terminals = new Terminals({ ...common })
  const tunnels = new Tunnels({ ...common })
  const nodes = createNodes(ports)
  const parts = { reservations, admin, terminals, tunnels, nodes, reconciler, now: clock, logged: [] }
  const context = contextOf(parts, { pools, metrics, store })
  const server = buildServer({ ...context, log, settings: () => SETTINGS, authenticate: TRUST_HEADER })
  const origin = await server.listen({ host: '127.0.0.1', port: 0 })
  await store.registerManager()

  const startTimer = (run: () => void, ms: number) => timeline.timer(run, ms)
  const tick = (nudged: boolean) => timeline.track(() => ticks.time(() => reconciler.tick(nudged)))
  const enforce = () => timeline.track(() => samples.time('end check', () => reconciler.enforceExpiry()))
  const working = startLoop(tick, clock, log, startTimer)
  const expiry = startLoop(enforce, clock, log, startTimer)
  schedule.attach({ working, expiry })
  return {
    origin,
    idle: () => reconciler.idle(),
    async stop() {
      await Promise.all([working.stop(), expiry.stop(), server.close()])
      await store.close()
    },
  }
}

/** Makes a listing take virtual time, in which other calls go on, as on a real engine. */
function slowListing(engine: Engine, timeline: Timeline, host: MemoryHost, stopwatch: Stopwatch): Engine {
  return overriding(engine, {
    async list() {
      stopwatch.listing()
      const listed = await engine.list()
      await stopwatch.without(() => timeline.sleep(Math.ceil(host.size * LISTING_MS_PER_CONTAINER)))
      return listed
    },
  })
}

function timedClaims(store: Store, samples: Samples): Store {
  return { ...store, claim: (claim, now) => samples.time('claim in the store', () => store.claim(claim, now)) }
}

/** Returns an object with some methods of its own, and all others of `base`, which may use private fields. */
function overriding<T extends object>(base: T, own: Partial<T>): T {
  return new Proxy(base, {
    get(target, name) {
      const value: unknown = Reflect.get(name in own ? own : target, name)
      return typeof value === 'function' && !(name in own) ? value.bind(target) : value
    },
  })
}

const TRUST_HEADER: Authenticate = ({ headers }) => {
  const name = String(headers[USER_HEADER])
  const role = name === 'admin' ? 'admin' : 'user'
  return { identity: { name, role, limits: UNLIMITED }, auth: 'none', expiresAt: null }
}

/** Records errors: nothing fails in a simulation, so each of them is a problem. */
function logOf(errors: string[]): Log {
  const quiet = () => {}
  const error = (message: string, fields: object = {}) => void errors.push(`${message} ${JSON.stringify(fields)}`)
  return { debug: quiet, info: quiet, warn: quiet, error }
}
