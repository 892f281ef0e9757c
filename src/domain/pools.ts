/** The pools of berth.yml with their current sizes. */
import type { Container } from './container.ts'
import { BerthError } from './errors.ts'
import type { Pool } from './pool.ts'

export interface Pools {
  /** In the order of berth.yml. */
  all(): readonly Pool[]
  named(name: string): Pool | undefined
  /** As configured in berth.yml, without later changes of size. */
  configured(name: string): Pool | undefined
  /** Applies sizes that override those of berth.yml. A pool never has more slots than ports. */
  resize(sizes: ReadonlyMap<string, number>): void
}

export function createPools(configured: readonly Pool[]): Pools {
  let now = configured
  return {
    all: () => now,
    named: (name) => now.find((pool) => pool.name === name),
    configured: (name) => configured.find((pool) => pool.name === name),
    resize(sizes) {
      now = configured.map((pool, index) => {
        const size = Math.min(sizes.get(pool.name) ?? pool.size, pool.ports.length)
        // The same object while nothing changes, so that callers can cache what they derive from it.
        const before = now[index]
        return size === pool.size ? pool : before?.size === size ? before : { ...pool, size }
      })
    },
  }
}

/** Returns the pool of a container or reservation. Throws `engine_failed` if berth.yml no longer has it. */
export function poolOf(pools: Pools, { pool: name }: { readonly pool: string }): Pool {
  const pool = pools.named(name)
  if (!pool) throw new BerthError('engine_failed', `berth.yml has no pool "${name}" any more`)
  return pool
}

/**
 * Returns the error of the container with the most failed attempts if every container of the pool is failing; otherwise
 * null. Quarantined containers do not count.
 */
export function poolProblem(containers: readonly Container[], pool: string): string | null {
  const rows = containers.filter((row) => row.pool === pool && row.state !== 'quarantined')
  if (!rows.every(isFailing)) return null
  const worst = rows.toSorted((a, b) => b.attempts - a.attempts)[0]
  return worst?.error ?? null
}

/** Whether it has failed and not worked since. A first attempt that is running is not a failure yet. */
export function isFailing({ state, attempts, error }: Container): boolean {
  return (state === 'creating' || state === 'broken' || state === 'removing') && attempts > 0 && error !== null
}
