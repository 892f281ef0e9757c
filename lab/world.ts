/** A whole manager on a memory engine, an in-memory database and a clock that tests move. */
import type { Kysely } from 'kysely'
import { openHostCa } from '../src/accounts/host-ca.ts'
import { MemoryAccounts } from '../src/accounts/memory.ts'
import type { DatabaseMark } from '../src/domain/database-mark.ts'
import type { Ownership } from '../src/reconcile/ownership/ownership.ts'
import { createOwnershipReader } from '../src/reconcile/ownership/reader.ts'
import type { Pool, InstanceConfig } from '../src/domain/pool.ts'
import { createAdmin, type Admin } from '../src/usecases/admin.ts'
import { createPools, type Pools } from '../src/domain/pools.ts'
import type { Door } from '../src/ports/door.ts'
import type { HashPassword } from '../src/ports/accounts.ts'
import type { Log } from '../src/ports/log.ts'
import type { Metrics } from '../src/ports/metrics.ts'
import type { Observed } from '../src/ports/engine.ts'
import { Reconciler } from '../src/reconcile/reconciler.ts'
import { createHostCertificates } from '../src/usecases/host-certificates.ts'
import { LocalTime } from '../src/domain/text/local-time.ts'
import { createOwners } from '../src/usecases/self-service/owners.ts'
import { createRefusalCounter, type RefusalCounter } from '../src/usecases/series/refusal-counter.ts'
import { createSelfService, type SelfService } from '../src/usecases/self-service/self-service.ts'
import { PostponedWrites } from '../src/usecases/postponed-writes.ts'
import { createReservations, type Reservations } from '../src/usecases/reservations.ts'
import { createNodes, type Nodes } from '../src/usecases/nodes/nodes.ts'
import { Terminals } from '../src/usecases/terminals/terminals.ts'
import { Tunnels } from '../src/usecases/tunnels/tunnels.ts'
import { specDigest } from '../src/engine/labels.ts'
import { openMemory } from '../src/engine/memory/engine.ts'
import { MemoryHost } from '../src/engine/memory/host.ts'
import { migrate, SQLITE_MIGRATIONS } from '../src/store/migrate.ts'
import type { Store } from '../src/ports/store.ts'
import type { Tables } from '../src/store/sql/schema/tables.ts'
import { createSqlStore } from '../src/store/sql/store.ts'
import { connectSqlite } from '../src/store/sqlite/driver.ts'
import { type FaultRule, faulty } from './faulty.ts'
import { NOW, pool } from './rows.ts'
import { mark } from './database-mark.ts'

export const INSTANCE: InstanceConfig = { name: 'test', bind: '127.0.0.1' }

const SECRET = Buffer.alloc(32, 7)

export interface World {
  readonly host: MemoryHost
  readonly accounts: MemoryAccounts
  /** Of the manager that lives now. */
  store: Store
  readonly database: DatabaseMark
  /** Identities of databases that are certainly not there any more. */
  readonly gone: Set<string>
  readonly logged: string[]
  /** "build 250" for each duration in milliseconds, "engine_failed" for each failure. */
  readonly measured: string[]
  /** How often the reconciler asked for another tick. */
  nudges: number
  /** What `reservations` asked for: "now", or a time in epoch milliseconds. */
  readonly wanted: ('now' | number)[]
  pools: Pools
  reconciler: Reconciler
  reservations: Reservations
  admin: Admin
  selfService: SelfService
  /** Of the manager that lives now. Written by `step` and `flush` only. */
  refusals: RefusalCounter
  terminals: Terminals
  tunnels: Tunnels
  nodes: Nodes
  /** Milliseconds forward, or back. */
  advance(ms: number): void
  now(): number
  /** Ticks until a tick finds nothing more to do at this time. */
  settle(): Promise<void>
  /** The manager dies where it stands and another one starts on the same database and engine. */
  restart(pools?: readonly Pool[]): Promise<void>
  /** Lists what the engine has, without the manager's wrapped ports. */
  list(): Promise<readonly Observed[]>
  /** Whose that is, as a manager of this database sees it now. */
  ownershipOf(observed: readonly Observed[]): Promise<Ownership>
  /** "alice@p-1" for every tenant who could log in now. */
  logins(): string[]
  states(): Promise<string[]>
}

export async function createWorld(
  options: {
    pools?: readonly Pool[]
    faults?: Record<string, FaultRule>
    metrics?: Metrics
    hashPassword?: HashPassword
    /** Machines of the engine; a single one without a name by default. */
    nodes?: readonly string[]
    /** Whether containers get host certificates. */
    hostCa?: boolean
    /** `auth` of berth.yml; `none` by default. */
    auth?: 'none' | 'tokens'
    /** Confirms that access has ended, beside the engine; by default, only the engine does. */
    door?: Door
    /** A file instead of memory. */
    database?: string
    /** A migrated database instead of SQLite. */
    db?: Kysely<Tables>
    /** Wraps each port of each manager, including managers started by restart(). */
    around?: <T extends object>(name: string, port: T) => T
    /** The world in which another manager begins, with a database of its own: engine, accounts and time are there. */
    within?: Pick<World, 'host' | 'accounts' | 'now'>
  } = {},
): Promise<World> {
  const { faults = {}, around = (_, port) => port, within } = options
  let time = within?.now() ?? NOW
  let nextId = 0
  const clock = () => time
  const host = within?.host ?? new MemoryHost({ now: clock, nodes: options.nodes ?? [] })
  const accounts = within?.accounts ?? new MemoryAccounts((id) => host.find(id)?.state === 'running')
  // The managers before this one are dead.
  host.managers.clear()
  const db = options.db ?? (await openFile(options.database ?? ':memory:'))
  const openStore = () => createSqlStore(db, 'world')
  const store = openStore()
  const file = options.database ?? 'memory'
  const database = mark(await store.databaseId(), { origin: `host:${file}`, file, since: time })
  const logged: string[] = []
  const write = (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields ?? {})}`)
  const log: Log = { debug: write, info: write, warn: write, error: write }
  const measured: string[] = []
  const wanted: World['wanted'] = []
  const recording: Metrics = {
    observe: (what, ms) => void measured.push(`${what} ${ms}`),
    failure: (code) => void measured.push(code),
    refused: (where, code) => void measured.push(`refused ${where} ${code}`),
    ended: (where, outcome) => void measured.push(`ended ${where} ${outcome}`),
  }
  const { metrics = recording } = options
  const gone = new Set<string>()
  const wrap = <T extends object>(name: string, port: T): T =>
    around(name, faults[name] ? faulty(port, faults[name]) : port)

  function assemble(
    pools: readonly Pool[],
    life: Store,
  ): Pick<
    World,
    | 'pools'
    | 'store'
    | 'reconciler'
    | 'reservations'
    | 'admin'
    | 'selfService'
    | 'refusals'
    | 'terminals'
    | 'tunnels'
    | 'nodes'
  > {
    const named = createPools(pools)
    const ports = {
      engine: wrap('engine', openMemory({ database, instance: INSTANCE.name, host })),
      accounts: wrap('accounts', accounts),
      store: wrap('store', life),
      postponed: new PostponedWrites(),
      door: options.door,
    }
    const hostCertificates = options.hostCa
      ? createHostCertificates({ ca: openHostCa(SECRET), accounts: ports.accounts, sshHost: () => 'localhost', clock })
      : undefined
    const localTime = new LocalTime('UTC')
    const reconciler = new Reconciler({
      instance: INSTANCE,
      pools: named,
      clock,
      log,
      metrics,
      concurrency: () => 4,
      database,
      ...ports,
      hostCertificates,
      isGone: (id) => gone.has(id),
      digestOf: specDigest,
      localTime,
      onProgress: () => {
        world.nudges += 1
      },
    })
    const refusals = createRefusalCounter({ store: ports.store, clock, log })
    const reservations = createReservations({
      pools: named,
      clock,
      log,
      metrics: refusals.around(metrics),
      ...ports,
      hostCertificates,
      hashPassword: options.hashPassword ?? (async (password) => `$6$hash-of-${password.length}`),
      newId: () => `${within ? 's' : 'r'}${++nextId}`,
      engineStatus: { problem: () => reconciler.engineProblem(), firstListing: () => Promise.resolve() },
      schedule: { nudge: () => void wanted.push('now'), expect: (at) => void wanted.push(at) },
      localTime,
    })
    const selfService = createSelfService({
      pools: named,
      ...ports,
      reservations,
      owners: createOwners({ store: ports.store, clock, auth: options.auth ?? 'none', signOnLimits: () => null }),
      clock,
      log,
      localTime,
      isLeading: () => reconciler.isLeading(),
    })
    const admin = createAdmin({ pools: named, store: ports.store, clock, log, onChange: () => undefined })
    const newId = () => `t${++nextId}`
    const terminals = new Terminals({ ...ports, clock, log, localTime, newId })
    const tunnels = new Tunnels({ ...ports, clock, log, localTime })
    const nodes = createNodes(ports)
    const cases = { reservations, admin, selfService, refusals, terminals, tunnels, nodes }
    return { pools: named, store: life, reconciler, ...cases }
  }

  const world: World = {
    host,
    accounts,
    database,
    gone,
    logged,
    measured,
    wanted,
    nudges: 0,
    now: clock,
    ...assemble(options.pools ?? [pool()], store),
    advance(ms) {
      time += ms
    },
    async settle() {
      for (let round = 0; round < 40; round += 1) {
        const before = await fingerprint(world)
        await world.reconciler.tick()
        await world.reconciler.idle()
        if ((await fingerprint(world)) === before) return
      }
      throw new Error(`does not settle: ${(await world.states()).join(' ')}`)
    },
    async restart(pools) {
      // As main.ts does: the manager that was preparing anything is dead.
      const next = openStore()
      await next.registerManager()
      Object.assign(world, assemble(pools ?? options.pools ?? [pool()], next))
    },
    list: async () => (await openMemory({ database, instance: INSTANCE.name, host }).list()).observed,
    async ownershipOf(observed) {
      const engine = openMemory({ database, instance: INSTANCE.name, host })
      const reader = createOwnershipReader({ database, store, engine, isGone: (id) => gone.has(id), clock })
      return reader(observed, await store.snapshot(), engine.presence())
    },
    logins: () =>
      host
        .all()
        .filter((c) => c.state === 'running')
        .flatMap((c) => [...(accounts.users.get(c.id) ?? [])].map((user) => `${user}@${c.spec.name}`))
        .toSorted(),
    async states() {
      const { containers } = await store.snapshot()
      return containers.map((c) => `${c.name} ${c.state} ${c.generation}`)
    },
  }
  return world
}

async function fingerprint({ store, host }: World): Promise<string> {
  const { containers, reservations } = await store.snapshot()
  return JSON.stringify([containers, reservations, host.all().map((c) => [c.id, c.state]), [...host.images.keys()]])
}

async function openFile(file: string): Promise<Kysely<Tables>> {
  const { db } = connectSqlite(file)
  await migrate(db, SQLITE_MIGRATIONS)
  return db
}
