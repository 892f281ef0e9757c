/** What every process that works on the pools is made of: opened in order, closed in reverse. `main.ts` also serves. */
import { fileURLToPath } from 'node:url'
import { ansibleAccounts } from './accounts/ansible.ts'
import { nativeAccounts } from './accounts/native.ts'
import { openAnsible } from './accounts/playbook.ts'
import type { Config } from './config.ts'
import type { Clock } from './core/clock.ts'
import { createPools, type Pools } from './core/pools.ts'
import type { Accounts, Engine, Log, Metrics } from './core/ports.ts'
import { createReconciler, type Reconciler } from './core/reconciler.ts'
import type { Store } from './core/store.ts'
import { openDocker } from './engine/docker/engine.ts'
import { specDigest } from './engine/labels.ts'
import { openSqlite } from './store/sqlite.ts'

export interface Parts {
  readonly pools: Pools
  readonly store: Store
  readonly engine: Engine
  readonly accounts: Accounts
  readonly reconciler: Reconciler
  close(): Promise<void>
}

export interface Around {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** There may be something to do. */
  readonly nudge: () => void
}

/** What a manager prepares bears its address: a port is one process's, so that its next owner knows the one before for dead. */
function managerName({ listen: { host, port } }: Config): string {
  return `${host}:${port}`
}

export async function openParts(config: Config, { clock, log, metrics, nudge }: Around): Promise<Parts> {
  const { site, concurrency, environment } = config
  const pools = createPools(config.pools)
  const store = await openSqlite(config.database, managerName(config))
  const reaches = config.pools.map((pool) => pool.reach)
  const engine = openDocker({ instance: site.instance, reaches, dockerHost: config.dockerHost })
  const ansible = openAnsible({ playbookDir: fileURLToPath(new URL('../ansible', import.meta.url)), env: environment })
  const accounts = { native: nativeAccounts, ansible: ansibleAccounts }[config.accounts]({ engine, ansible })
  const reconciler = createReconciler({
    ...{ site, pools, store, engine, accounts, clock, log, metrics, concurrency },
    digestOf: specDigest,
    onProgress: nudge,
  })
  async function close(): Promise<void> {
    await reconciler.resign()
    await ansible.close()
    await engine.close()
    await store.close()
  }
  try {
    pools.resize((await store.snapshot()).sizes)
  } catch (error) {
    await close()
    throw error
  }
  return { pools, store, engine, accounts, reconciler, close }
}
