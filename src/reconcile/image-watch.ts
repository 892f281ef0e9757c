/**
 * Notices that an image or playbook was fixed, and retries the pool's containers at once instead of after their
 * back-off.
 */
import type { Clock } from '../ports/clock.ts'
import { type Container, isBackingOff, recycled } from '../domain/container.ts'
import { reasonOf } from '../domain/errors.ts'
import type { Pool } from '../domain/pool.ts'
import { isFailing, poolProblem, type Pools } from '../domain/pools.ts'
import type { Accounts } from '../ports/accounts.ts'
import type { Engine } from '../ports/engine.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import { RecurringProblems } from './recurring-problems.ts'
import type { Snapshot } from '../domain/snapshot.ts'

/** Interval at which images and playbooks of failing pools are checked. */
const CHECK_INTERVAL_MS = 2_000

export interface ImageWatchDeps {
  readonly pools: Pools
  readonly store: Pick<Store, 'snapshot' | 'updateContainer'>
  readonly engine: Pick<Engine, 'imageNamed'>
  readonly accounts: Pick<Accounts, 'playbookVersion'>
  readonly clock: Clock
  readonly log: Log
  /** Called after a change that must be reconciled. */
  readonly onChange: () => void
}

export interface ImageWatch {
  /** Returns the time of the next check, in epoch milliseconds; Infinity while no pool is failing. */
  step(): Promise<number>
}

export function createImageWatch({ pools, store, engine, accounts, clock, log, onChange }: ImageWatchDeps): ImageWatch {
  /** Versions of image and playbook with which each failing pool failed. */
  const versions = new Map<string, string>()
  /** Pools that cannot lend any container, by name. */
  const problems = new RecurringProblems({ log, clock })
  /** Revision of the pools at the latest check; null before the first one. */
  let checkedRevision: number | null = null
  let latest: { readonly snapshot: Snapshot; readonly until: number } | undefined

  async function versionOf({ image, prepare }: Pool): Promise<string> {
    const playbook = prepare === null ? '' : await accounts.playbookVersion(prepare)
    return JSON.stringify([await engine.imageNamed(image), playbook])
  }

  function report({ name }: Pool, { containers }: Snapshot): void {
    const problem = poolProblem(containers, name)
    if (problem !== null) {
      const message = `pool ${name} cannot lend any container`
      problems.occurred(name, { level: 'error', message, reason: problem, kind: 'state', fields: { pool: name } })
    } else if (containers.some(({ pool, state }) => pool === name && state === 'ready') && problems.solved(name)) {
      log.info(`pool ${name} works again`, { pool: name })
    }
  }

  async function checkPool(pool: Pool, failing: readonly Container[]): Promise<void> {
    const version = await versionOf(pool)
    const before = versions.get(pool.name)
    versions.set(pool.name, version)
    // After a start or a reload everything is retried: settings, or the engine's host, may have changed.
    const isReconfigured = checkedRevision !== pools.revision
    const isFixed = isReconfigured || (before !== undefined && before !== version)
    if (!isFixed) return
    const now = clock()
    for (const row of failing.filter((each) => isBackingOff(each, now)))
      await store.updateContainer(row, recycled(row, now), now)
    log.info(`pool ${pool.name} is tried again`, {
      reason: isReconfigured ? describeReconfiguration(checkedRevision) : 'its image or playbook has changed',
    })
    onChange()
  }

  return {
    async step() {
      const snapshot = await store.snapshot()
      const isUnchanged = latest?.snapshot === snapshot && checkedRevision === pools.revision
      if (latest && isUnchanged && clock() < latest.until) return latest.until
      const { revision } = pools
      let isAnyFailing = false
      for (const pool of pools.all()) {
        report(pool, snapshot)
        const failing = snapshot.containers.filter((row) => row.pool === pool.name && isFailing(row))
        if (failing.length === 0) {
          versions.delete(pool.name)
          continue
        }
        isAnyFailing = true
        await checkPool(pool, failing).catch((error: unknown) =>
          log.debug(`the image of pool ${pool.name} cannot be checked`, { reason: reasonOf(error) }),
        )
      }
      checkedRevision = revision
      latest = { snapshot, until: isAnyFailing ? clock() + CHECK_INTERVAL_MS : Number.POSITIVE_INFINITY }
      return latest.until
    },
  }
}

function describeReconfiguration(checkedRevision: number | null): string {
  return checkedRevision === null ? 'the manager has started' : 'berth.yml was reloaded'
}
