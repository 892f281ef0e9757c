/** What every process that works on the pools is made of: opened in order, closed in reverse. `main.ts` also serves. */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ansibleAccounts } from './accounts/ansible/ansible.ts'
import { nativeAccounts } from './accounts/native/native.ts'
import { memoryAccounts } from './accounts/memory.ts'
import { openAnsible, removeLeftovers } from './accounts/ansible/playbook.ts'
import type { Config } from './config/config.ts'
import type { LiveConfig } from './config/live-config.ts'
import type { Clock } from './ports/clock.ts'
import { LocalTime } from './domain/text/local-time.ts'
import { isLoopback } from './domain/text/loopback.ts'
import type { DatabaseMark } from './domain/database-mark.ts'
import { createOwnershipReader, type OwnershipReader } from './reconcile/ownership/reader.ts'
import type { InstanceConfig } from './domain/pool.ts'
import { createPools, type Pools } from './domain/pools.ts'
import type { Snapshot } from './domain/snapshot.ts'
import { openHostCa } from './accounts/host-ca.ts'
import type { Accounts } from './ports/accounts.ts'
import type { Database } from './ports/database.ts'
import type { Door } from './ports/door.ts'
import type { Engine } from './ports/engine.ts'
import type { Log } from './ports/log.ts'
import type { Metrics } from './ports/metrics.ts'
import { DatabaseClock } from './reconcile/managers/database-clock.ts'
import { waitForWriters } from './reconcile/managers/lock-wait.ts'
import { Reconciler } from './reconcile/reconciler.ts'
import type { Store } from './ports/store.ts'
import { openEngine } from './engine/open-engine.ts'
import { InstanceDoors } from './usecases/doors/instance-doors.ts'
import { LocalDoors } from './usecases/doors/local-doors.ts'
import { createHostCertificates, type HostCertificates } from './usecases/host-certificates.ts'
import { PostponedWrites } from './usecases/postponed-writes.ts'
import { createRefusalCounter, type RefusalCounter } from './usecases/series/refusal-counter.ts'
import { specDigest } from './engine/labels.ts'
import { databaseOf } from './store/open-store.ts'

export interface Components {
  /** The clock that all managers of the database share. */
  readonly time: DatabaseClock
  /** `time.now`. */
  readonly clock: Clock
  readonly database: DatabaseMark
  /** Reads which database each container belongs to; the same reader as in the reconciler. */
  readonly ownershipOf: OwnershipReader
  readonly pools: Pools
  readonly store: Store
  readonly engine: Engine
  readonly accounts: Accounts
  readonly reconciler: Reconciler
  readonly refusals: RefusalCounter
  readonly postponed: PostponedWrites
  /** Time zone in which tenants read times. */
  readonly localTime: LocalTime
  /** Secret that this database's managers share, kept outside the database. */
  readonly secret: Uint8Array
  /** Returns how many bytes are free on the disk of the database; null for a database on a server. */
  readonly freeSpace: () => Promise<number | null>
  /** Absent without `ssh.host_ca`. */
  readonly hostCertificates: HostCertificates | undefined
  /** What forwards connections in this process. Empty until the parts are added. */
  readonly localDoors: LocalDoors
  /** Absent where tenants can reach containers past every door. */
  readonly door: Door | undefined
  close(): Promise<void>
}

export interface ComponentDeps {
  /** The clock of this machine. */
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** Called after a change that must be reconciled. */
  readonly nudge: () => void
}

/** Opens the parts of a manager. They read settings that a reload may change from `settings` at each use. */
export async function openComponents(
  settings: LiveConfig,
  { clock: machine, log, metrics, nudge }: ComponentDeps,
): Promise<Components> {
  const config = settings.current
  const { environment } = config
  const pools = createPools(config.pools)
  const localTime = new LocalTime(() => settings.current.timezone)
  const source = databaseOf(config)
  const { isGone, freeSpace } = source
  const store = followSizes(await source.open(), pools)
  const monotonic = () => performance.now()
  const time = new DatabaseClock({ read: () => store.databaseTime(), machine, monotonic, log })
  const clock = time.now
  const { secret, database } = await identify(source, store, time, log).catch(async (error: unknown) => {
    await store.close()
    throw error
  })
  const refusals = createRefusalCounter({ store, clock, log })
  await removeLeftovers(environment, clock())
  const engine = await openEngine(config, pools, database, clock)
  const ansible = openAnsible({
    playbookDir: fileURLToPath(new URL('../ansible', import.meta.url)),
    env: environment,
    clock,
    outputDir: config.ansibleOutput,
    connectionOf: (id) => engine.ansibleConnection(id),
  })
  const openAccounts = { native: nativeAccounts, ansible: ansibleAccounts, memory: memoryAccounts }
  const accounts = openAccounts[config.accounts]({ engine, ansible })
  const hostCertificates = config.hostCa
    ? createHostCertificates({
        ca: openHostCa(secret),
        accounts,
        sshHost: () => settings.current.sshHost,
        clock,
      })
    : undefined
  const ownershipOf = createOwnershipReader({ database, store, engine, isGone, clock })
  const postponed = new PostponedWrites()
  const localDoors = new LocalDoors()
  const door = openDoor(config, { store, engine, here: localDoors })
  const reconciler = new Reconciler({
    instance: instanceOf(settings),
    pools,
    store,
    engine,
    accounts,
    hostCertificates,
    door,
    clock,
    log,
    metrics,
    postponed,
    concurrency: () => settings.current.concurrency,
    database,
    isGone,
    digestOf: specDigest,
    localTime,
    monotonic,
    clockEpoch: time.epoch,
    onProgress: nudge,
  })
  async function close(): Promise<void> {
    await reconciler.releaseLeadership()
    await ansible.close()
    await engine.close()
    await refusals.flush()
    await store.close()
  }
  try {
    pools.resize((await store.snapshot()).sizes)
    return {
      time,
      clock,
      database,
      ownershipOf,
      pools,
      store,
      engine,
      accounts,
      reconciler,
      hostCertificates,
      localDoors,
      door,
      refusals,
      postponed,
      localTime,
      secret,
      freeSpace,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Returns the secret and the mark of the open database. Measures its clock first, which the mark needs. */
async function identify(
  source: Database,
  store: Store,
  time: DatabaseClock,
  log: Log,
): Promise<{ readonly secret: Uint8Array; readonly database: DatabaseMark }> {
  const secret = await waitForWriters(log, () => source.secret(store))
  await time.measure()
  return { secret, database: await source.mark(await store.databaseId(), time.now()) }
}

/** Returns a store whose snapshots also apply the sizes of pools, which another manager may have set. */
function followSizes(store: Store, pools: Pools): Store {
  let applied: Snapshot['sizes'] | null = null
  async function snapshot(): Promise<Snapshot> {
    const read = await store.snapshot()
    if (read.sizes !== applied) pools.resize(read.sizes)
    applied = read.sizes
    return read
  }
  return { ...store, snapshot }
}

/** Returns the instance. A reload may change the address on which new containers listen, but not the name. */
function instanceOf(settings: LiveConfig): InstanceConfig {
  const { name } = settings.current.instance
  return {
    name,
    get bind() {
      return settings.current.instance.bind
    },
  }
}

/** Returns undefined if tenants connect to ports that the engine publishes. */
function openDoor({ sshGateway }: Config, { store, engine, here }: DoorDeps): Door | undefined {
  const { publishesPorts } = engine.traits
  if (publishesPorts && sshGateway === null) return undefined
  // Before ssh.bind was changed, a container may have been published on an address that tenants reach.
  const guards = (id: string) => !publishesPorts || isLoopback(engine.publishedAt(id) ?? '')
  return new InstanceDoors({ store, here, guards, pause })
}

interface DoorDeps {
  readonly store: Store
  readonly engine: Engine
  readonly here: LocalDoors
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
