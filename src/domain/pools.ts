/** The pools of berth.yml with their current sizes and images. */
import type { Container, Reach } from './container.ts'
import { BerthError } from './errors.ts'
import type { Pool } from './pool.ts'

export interface Pools {
  /** In the order of berth.yml. */
  all(): readonly Pool[]
  named(name: string): Pool | undefined
  /** As configured in berth.yml, without later changes of size and image. */
  configured(name: string): Pool | undefined
  /**
   * Replaces the pools of berth.yml. Sizes and images that override them stay. Every pool is a new object, so that
   * caches by object do not return results of an earlier one.
   */
  configure(pools: readonly Pool[]): void
  /** Every reach that a pool has had since the start: reserved containers of removed pools still use theirs. */
  reaches(): ReadonlySet<Reach>
  /** Number of calls of `configure`. A cache of results about pools is valid for one revision. */
  readonly revision: number
  /** Applies sizes that override those of berth.yml. A pool never has more slots than ports. */
  resize(sizes: ReadonlyMap<string, number>): void
  /**
   * Applies the images of pools with `prepare_image`, by pool. null: the image cannot be made. A pool that is missing
   * here awaits its image.
   */
  useImages(images: ReadonlyMap<string, string | null>): void
}

export function createPools(initial: readonly Pool[]): Pools {
  let configured = initial
  let now = configured
  let revision = 0
  const reaches = new Set(configured.map(({ reach }) => reach))
  let sizes: ReadonlyMap<string, number> = new Map()
  let images: ReadonlyMap<string, string | null> = new Map()

  function apply(): void {
    now = configured.map((pool, index) => {
      const size = Math.min(sizes.get(pool.name) ?? pool.size, pool.ports.length)
      const wanted = { ...pool, size, ...imageOf(pool, images.get(pool.name)) }
      // The same object while nothing changes, so that callers can cache what they derive from it.
      return [pool, now[index]].find((known) => known !== undefined && isEqual(known, wanted)) ?? wanted
    })
  }

  return {
    all: () => now,
    named: (name) => now.find((pool) => pool.name === name),
    configured: (name) => configured.find((pool) => pool.name === name),
    reaches: () => new Set(reaches),
    get revision() {
      return revision
    },
    configure(next) {
      configured = next.map((pool) => ({ ...pool }))
      now = configured
      revision += 1
      for (const { reach } of next) reaches.add(reach)
      apply()
    },
    resize(next) {
      sizes = next
      apply()
    },
    useImages(next) {
      images = next
      apply()
    },
  }
}

function imageOf(
  { preparedImage }: Pool,
  image: string | null | undefined,
): Partial<Pick<Pool, 'image' | 'prepare' | 'preparedImage'>> {
  if (preparedImage === null) return {}
  if (image === undefined) return { preparedImage: 'awaited' }
  return image === null ? { preparedImage: 'failed' } : { preparedImage: 'made', image, prepare: null }
}

/** Whether two states of one pool are the same. */
function isEqual(a: Pool, b: Pool): boolean {
  return a.size === b.size && a.image === b.image && a.preparedImage === b.preparedImage
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
