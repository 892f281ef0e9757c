import type { ContainerSpec } from '../domain/container.ts'
import { type Pool, portOf, type InstanceConfig, specOf } from '../domain/pool.ts'

/** Returns the digest that a container of this slot would have if it were created now. */
export type SpecDigest = (pool: Pool, number: number) => string

/** Caches digests per pool: every tick asks for each container, and a digest never changes while the pool does not. */
export function createDigests(instance: InstanceConfig, digestOf: (spec: ContainerSpec) => string): SpecDigest {
  const digests = new WeakMap<Pool, Map<number, string>>()
  return (pool, number) => {
    const ofPool = digests.get(pool) ?? new Map<number, string>()
    const known = ofPool.get(number)
    if (known !== undefined) return known
    const digest = digestOf(specOf(instance, pool, { number, port: portOf(pool, number) ?? 0, generation: null }))
    digests.set(pool, ofPool.set(number, digest))
    return digest
  }
}
