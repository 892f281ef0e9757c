/** The pools of berth.yml, with the sizes that they have now. */
import type { Pool } from './pool.ts'

export interface Pools {
  /** In the order of berth.yml. */
  all(): readonly Pool[]
  named(name: string): Pool | undefined
  /** As in berth.yml, whatever was changed since. */
  configured(name: string): Pool | undefined
  /** Sizes that take the place of berth.yml's; a pool never has more places than ports. */
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
        // The same object as long as nothing changes: what is worked out of it holds as long.
        const before = now[index]
        return size === pool.size ? pool : before?.size === size ? before : { ...pool, size }
      })
    },
  }
}
