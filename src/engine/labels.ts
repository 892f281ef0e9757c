/**
 * What Berth writes on each container it makes. The labels are how a restarted manager finds its containers again,
 * tells one generation from the next, and sees that one was made from settings that have changed since.
 */
import { createHash } from 'node:crypto'
import type { ContainerSpec } from '../core/container.ts'
import type { Observed } from '../core/ports.ts'

export const INSTANCE_LABEL = 'berth.instance'
/** On what watches over an instance's containers, and is none of them. */
export const GUARD_LABEL = 'berth.guard'
const POOL_LABEL = 'berth.pool'
const CONTAINER_LABEL = 'berth.container'
const GENERATION_LABEL = 'berth.generation'
export const SPEC_LABEL = 'berth.spec'

/**
 * Part of every digest. Raise it when the same spec is to give another container than before (a capability less, a new
 * limit), so that containers made the old way are seen to be outdated and are replaced.
 */
export const SPEC_FORMAT = 3

/** The labels of one generation. `berth.generation` is absent while nobody but `just provision` has handled it. */
export function labelsOf(spec: ContainerSpec): Record<string, string> {
  return {
    [INSTANCE_LABEL]: spec.instance,
    [POOL_LABEL]: spec.pool,
    [CONTAINER_LABEL]: spec.name,
    ...(spec.generation === null ? {} : { [GENERATION_LABEL]: String(spec.generation) }),
    [SPEC_LABEL]: specDigest(spec),
  }
}

/** The inverse of `labelsOf`; null when these are not the labels of a container of this instance. */
export function readLabels(
  labels: Readonly<Record<string, string>>,
  instance: string,
): Pick<Observed, 'name' | 'pool' | 'generation' | 'spec'> | null {
  const name = labels[CONTAINER_LABEL]
  const pool = labels[POOL_LABEL]
  if (labels[INSTANCE_LABEL] !== instance || name === undefined || pool === undefined) return null
  return { name, pool, generation: readGeneration(labels[GENERATION_LABEL]), spec: labels[SPEC_LABEL] ?? '' }
}

/** What is not a generation counts as none, so that the container is adopted or replaced rather than trusted. */
function readGeneration(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null
}

/**
 * Names everything about a spec but its generation, in 16 hexadecimal digits: equal digests, equal containers. All
 * fields count, those added later too, in any order.
 */
export function specDigest(spec: ContainerSpec): string {
  const { generation: _, ...lasting } = spec
  const fields = Object.entries(lasting).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([SPEC_FORMAT, fields]))
    .digest('hex')
    .slice(0, 16)
}
