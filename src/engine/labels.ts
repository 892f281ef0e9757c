/**
 * What Berth writes on each container it makes. The labels are how a restarted manager finds its containers again,
 * tells one generation from the next, and sees that one was made from settings that have changed since.
 */
import { createHash } from 'node:crypto'
import type { ContainerSpec } from '../domain/container.ts'
import type { DatabaseMark } from '../domain/database-mark.ts'
import type { Observed } from '../ports/engine.ts'

export const INSTANCE_LABEL = 'berth.instance'
/** Set on the instance's firewall container and ledger, which are not a tenant's. Earlier versions named it so. */
export const FIREWALL_LABEL = 'berth.guard'
export const POOL_LABEL = 'berth.pool'
export const CONTAINER_LABEL = 'berth.container'
const GENERATION_LABEL = 'berth.generation'
export const SPEC_LABEL = 'berth.spec'
/** Identity of the database whose manager made it. */
export const DATABASE_LABEL = 'berth.database'
/** Host and path of that database. It may change (a file that is moved), so no digest counts it. */
export const ORIGIN_LABEL = 'berth.origin'
/** Instance and pool of a prepared image. Containers of that image inherit them. */
const IMAGE_INSTANCE_LABEL = 'berth.prepared'
const IMAGE_POOL_LABEL = 'berth.prepared-pool'
/** Set on the network of a reservation's containers: the reservation's id. */
export const PEERS_LABEL = 'berth.peers'

/**
 * Part of every digest. Raise it when the same spec makes a different container than before (a capability less, a new
 * limit), so that existing containers count as outdated and are replaced.
 */
export const SPEC_FORMAT = 6

/** Returns the labels that name the database of a container or network. */
export function markLabels({ id, origin }: DatabaseMark): Record<string, string> {
  return { [DATABASE_LABEL]: id, [ORIGIN_LABEL]: origin }
}

/**
 * The labels of one generation. `berth.generation` is absent until a manager has handled what `just provision` made.
 */
export function labelsOf(spec: ContainerSpec, mark: DatabaseMark): Record<string, string> {
  return {
    [INSTANCE_LABEL]: spec.instance,
    [POOL_LABEL]: spec.pool,
    [CONTAINER_LABEL]: spec.name,
    ...(spec.generation === null ? {} : { [GENERATION_LABEL]: String(spec.generation) }),
    [SPEC_LABEL]: specDigest(spec),
    ...markLabels(mark),
  }
}

/** The inverse of `labelsOf`; null when these are not the labels of a container of this instance. */
export function readLabels(
  labels: Readonly<Record<string, string>>,
  instance: string,
): Pick<Observed, 'name' | 'pool' | 'generation' | 'spec' | 'database' | 'origin'> | null {
  const name = labels[CONTAINER_LABEL]
  const pool = labels[POOL_LABEL]
  if (labels[INSTANCE_LABEL] !== instance || name === undefined || pool === undefined) return null
  return {
    name,
    pool,
    generation: readGeneration(labels[GENERATION_LABEL]),
    spec: labels[SPEC_LABEL] ?? '',
    // Docker takes no label away: in an image made of a container it can only be emptied.
    database: labels[DATABASE_LABEL] || null,
    origin: labels[ORIGIN_LABEL] || null,
  }
}

/** Returns instance and name of a container of any instance; null if Berth did not make it. */
export function readOwner(
  labels: Readonly<Record<string, string>>,
): { readonly instance: string; readonly name: string } | null {
  // Both labels are empty in an image that was made from one of our containers.
  const [instance, name] = [labels[INSTANCE_LABEL], labels[CONTAINER_LABEL]]
  return instance && name ? { instance, name } : null
}

/** Returns the labels of a pool's prepared images, by which they are found again. */
export function preparedLabels(instance: string, pool: string): Record<string, string> {
  return { [IMAGE_INSTANCE_LABEL]: instance, [IMAGE_POOL_LABEL]: pool }
}

/**
 * Returns the labels of an image that is made from a container. Docker cannot remove labels, so those that mark
 * containers of ours become empty.
 */
export function imageLabels(instance: string, pool: string): Record<string, string> {
  const ofContainers = [INSTANCE_LABEL, POOL_LABEL, CONTAINER_LABEL, GENERATION_LABEL, SPEC_LABEL, DATABASE_LABEL]
  const emptied = Object.fromEntries([...ofContainers, ORIGIN_LABEL].map((name) => [name, '']))
  return { ...emptied, ...preparedLabels(instance, pool) }
}

/** Returns null for an invalid generation, so that the container is adopted or replaced rather than trusted. */
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
