/** A whole manager on a memory engine, an in-memory database and a clock that stands still until it is told. */
import type { Account } from '../../src/core/account.ts'
import { BerthError } from '../../src/core/errors.ts'
import type { Pool, Site } from '../../src/core/pool.ts'
import { createOperating, type Operating } from '../../src/core/operating.ts'
import { createPools, type Pools } from '../../src/core/pools.ts'
import type {
  Accounts,
  Announcement,
  HashPassword,
  Log,
  Metrics,
  Observed,
  Outcomes,
  Target,
} from '../../src/core/ports.ts'
import { createReconciler, type Reconciler } from '../../src/core/reconciler.ts'
import { createReserving, type Reserving } from '../../src/core/reserving.ts'
import { specDigest } from '../../src/engine/labels.ts'
import { openMemory } from '../../src/engine/memory/engine.ts'
import { MemoryHost } from '../../src/engine/memory/host.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { type FaultRule, faulty } from './faulty.ts'
import { NOW, pool } from './rows.ts'

export const SITE: Site = { instance: 'test', bind: '127.0.0.1' }
const NAMES = ['root', 'sshd', 'nobody', 'sudo']

/** Accounts of containers that are not there: who could log in where, by container id. */
class MemoryAccounts implements Accounts {
  readonly deadlineMs = 10_000
  readonly users = new Map<string, Set<string>>()
  readonly prepared: string[][] = []
  /** What new logins read, by container id. */
  readonly motds = new Map<string, string>()
  /** "p-1 alice: line" for each line on somebody's terminals. */
  readonly told: string[] = []
  readonly #host: MemoryHost

  constructor(host: MemoryHost) {
    this.#host = host
  }

  async survey({ id }: Target) {
    this.#assertRunning(id)
    return { hostKey: `SHA256:${id.slice(0, 8)}`, os: 'Memory 1', names: NAMES, humans: [...this.#usersOf(id)] }
  }

  expect(): void {}

  async open(targets: readonly Target[], { username, motd }: Account): Promise<Outcomes> {
    return this.#each(targets, ({ id }) => {
      this.#usersOf(id).add(username)
      this.motds.set(id, motd)
    })
  }

  async tell(targets: readonly Target[], { username, motd, line }: Announcement): Promise<Outcomes> {
    return this.#each(targets, ({ id, name }) => {
      this.motds.set(id, motd)
      this.told.push(`${name} ${username}: ${line}`)
    })
  }

  async prepare(targets: readonly Target[]): Promise<Outcomes> {
    this.prepared.push(targets.map((t) => t.name))
    return this.#each(targets, () => undefined)
  }

  #each(targets: readonly Target[], work: (target: Target) => void): Outcomes {
    const one = (target: Target): Error | null => {
      try {
        this.#assertRunning(target.id)
        work(target)
        return null
      } catch (error) {
        return error instanceof Error ? error : new Error(String(error))
      }
    }
    return new Map(targets.map((target) => [target.name, one(target)]))
  }

  #usersOf(id: string): Set<string> {
    const users = this.users.get(id) ?? new Set()
    this.users.set(id, users)
    return users
  }

  #assertRunning(id: string): void {
    if (this.#host.find(id)?.state !== 'running') throw new BerthError('guest_failed', `${id} is not running`)
  }
}

export interface World {
  readonly host: MemoryHost
  readonly accounts: MemoryAccounts
  readonly store: Awaited<ReturnType<typeof openSqlite>>
  readonly logged: string[]
  /** "build 250" for each duration in milliseconds, "engine_failed" for each failure. */
  readonly measured: string[]
  /** How often the reconciler asked for another tick. */
  nudges: number
  /** What `reserving` asked for: "now", or a time in epoch milliseconds. */
  readonly wanted: ('now' | number)[]
  pools: Pools
  reconciler: Reconciler
  reserving: Reserving
  operating: Operating
  /** Milliseconds forward, or back. */
  advance(ms: number): void
  now(): number
  /** Ticks until a tick finds nothing more to do at this time. */
  settle(): Promise<void>
  /** The manager dies where it stands and another one starts on the same database and engine. */
  restart(pools?: readonly Pool[]): Promise<void>
  /** What the engine shows, past the ports of the manager. */
  look(): Promise<Observed[]>
  /** "alice@p-1" for everybody who could log in now. */
  logins(): string[]
  states(): Promise<string[]>
}

export async function createWorld(
  options: {
    pools?: readonly Pool[]
    faults?: Record<string, FaultRule>
    metrics?: Metrics
    hashPassword?: HashPassword
    /** A file instead of memory. */
    database?: string
    /** Put around each port of each manager, the one after a restart too. */
    around?: <T extends object>(name: string, port: T) => T
    /** The world in which another manager begins, with a database of its own: engine, accounts and time are there. */
    within?: Pick<World, 'host' | 'accounts' | 'now'>
  } = {},
): Promise<World> {
  const { faults = {}, around = (_, port) => port, within } = options
  let time = within?.now() ?? NOW
  let nextId = 0
  const clock = () => time
  const host = within?.host ?? new MemoryHost({ now: clock })
  const accounts = within?.accounts ?? new MemoryAccounts(host)
  const store = await openSqlite(options.database ?? ':memory:')
  const logged: string[] = []
  const write = (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields ?? {})}`)
  const log: Log = { debug: write, info: write, warn: write, error: write }
  const measured: string[] = []
  const wanted: World['wanted'] = []
  const recording: Metrics = {
    observe: (what, ms) => void measured.push(`${what} ${ms}`),
    failure: (code) => void measured.push(code),
  }
  const { metrics = recording } = options
  const wrap = <T extends object>(name: string, port: T): T =>
    around(name, faults[name] ? faulty(port, faults[name]) : port)

  function assemble(pools: readonly Pool[]): Pick<World, 'pools' | 'reconciler' | 'reserving' | 'operating'> {
    const named = createPools(pools)
    const ports = {
      engine: wrap('engine', openMemory({ instance: SITE.instance, host })),
      accounts: wrap('accounts', accounts),
      store: wrap('store', store),
    }
    const reconciler = createReconciler({
      ...{ site: SITE, pools: named, clock, log, metrics, concurrency: 4, ...ports },
      digestOf: specDigest,
      onProgress: () => {
        world.nudges += 1
      },
    })
    const reserving = createReserving({
      ...{ pools: named, clock, log, metrics, ...ports },
      hashPassword: options.hashPassword ?? (async (password) => `$6$hash-of-${password.length}`),
      newId: () => `${within ? 's' : 'r'}${++nextId}`,
      engineProblem: () => reconciler.engineProblem(),
      onChange: () => void wanted.push('now'),
      onDue: (at) => void wanted.push(at),
    })
    const operating = createOperating({ pools: named, store: ports.store, clock, log, onChange: () => undefined })
    return { pools: named, reconciler, reserving, operating }
  }

  const world: World = {
    ...{ host, accounts, store, logged, measured, wanted, nudges: 0, now: clock },
    ...assemble(options.pools ?? [pool()]),
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
      // As main.ts does: whoever was preparing anything is dead.
      await store.forgetPreparers(time + 1)
      Object.assign(world, assemble(pools ?? options.pools ?? [pool()]))
    },
    look: () => openMemory({ instance: SITE.instance, host }).list(),
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
  return JSON.stringify([containers, reservations, host.all().map((c) => [c.id, c.state])])
}
