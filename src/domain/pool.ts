import { clusterSettings } from './cluster/settings.ts'
import type { ContainerSettings, ContainerSpec, PublishedSpec } from './container.ts'

/** Limits of reservations on hold. */
export interface HoldLimits {
  /** Maximum duration, milliseconds. */
  readonly max: number
  /** Maximum number of containers of the pool on hold at once. */
  readonly containers: number
}

/** A named set of equal containers, as configured in berth.yml. */
export interface Pool extends ContainerSettings {
  readonly name: string
  /** Desired number of containers. */
  readonly size: number
  /** Host ports; container number n listens on `ports[n - 1]`. At least `size` of them. */
  readonly ports: readonly number[]
  /** Whether the containers of one reservation reach each other. */
  readonly reachPeers: boolean
  /** Milliseconds. */
  readonly duration: { readonly default: number; readonly max: number }
  /** null if reservations of the pool cannot be put on hold. */
  readonly hold: HoldLimits | null
  /** Whether tenants may extend and release from inside. */
  readonly selfService: boolean
  /** Absolute path of a playbook that runs on every new container before it is ready. */
  readonly prepare: string | null
  /** State of the image of `prepare_image: true`; null without that setting. */
  readonly preparedImage: PreparedImageState | null
}

/**
 * `awaited`: no container is made until the image is. `made`: `image` names it, and no playbook runs. `failed`: the
 * playbook runs on every container, as without `prepare_image`.
 */
type PreparedImageState = 'awaited' | 'made' | 'failed'

/** Facts found inside a pool's containers. Shared by all of them, since they run one image. */
export interface PoolFacts {
  /** PRETTY_NAME of the os-release. */
  readonly os: string
  /** User and group names of the image, which no account can have. */
  readonly names: readonly string[]
}

/** Settings that all containers of this manager share. */
export interface InstanceConfig {
  /** Name of the instance. Marks its containers on an engine that others use, too. */
  readonly name: string
  /** Host address on which the containers' SSH ports listen. */
  readonly bind: string
}

/** Default of `instance` in berth.yml. */
export const DEFAULT_INSTANCE = 'berth'

/** The shipped image: the default of pools, and what the firewall runs from. */
export const BOX_IMAGE = 'berth/box'

/** Images of these names are built from `images/`, such as `berth/alpine`, the default of earlier versions. */
const OWN_IMAGE = /^berth\//

/** An image that Berth builds itself; others belong to the user. */
export interface OwnImage {
  readonly name: string
  /** Image of the distribution to build on, such as "debian:12"; null: `images/base` chooses one. */
  readonly base: string | null
}

/** Returns the images to build: the shipped one, and those of Berth that pools name. */
export function ownImages(named: readonly string[], bases: ReadonlyMap<string, string>): OwnImage[] {
  const names = new Set([BOX_IMAGE, ...named.filter((image) => OWN_IMAGE.test(image))])
  return [...names].map((name) => ({ name, base: bases.get(name) ?? null }))
}

/** "alpine", 3 -> "alpine-3" */
export function containerName(pool: string, number: number): string {
  return `${pool}-${number}`
}

/** Name of the temporary container that becomes a pool's image. No slot has it: names of slots end with a number. */
export function imageContainerName(pool: string): string {
  return `${pool}-image`
}

/** Returns the port of a slot by the current configuration; undefined if the pool has shrunk below it. */
export function portOf(pool: Pool | undefined, number: number): number | undefined {
  return pool && number <= pool.size ? pool.ports[number - 1] : undefined
}

/** Returns the spec of one generation of a container. `generation` is null for `just provision`. */
export function specOf(
  instance: InstanceConfig,
  pool: Pool,
  slot: { readonly number: number; readonly port: number; readonly generation: number | null },
): PublishedSpec {
  const { port, generation } = slot
  return { ...commonSpec(instance, pool), name: containerName(pool.name, slot.number), generation, port }
}

/** Returns the spec of the temporary container that becomes a pool's image. No tenant logs in, so it has no port. */
export function imageSpecOf(instance: InstanceConfig, pool: Pool): ContainerSpec {
  return { ...commonSpec(instance, pool), name: imageContainerName(pool.name), generation: 1 }
}

/** Returns the spec of a container that the engine creates and removes to find out whether it can limit the disk. */
export function diskSpecOf(instance: InstanceConfig, pool: Pool): ContainerSpec {
  return { ...commonSpec(instance, pool), name: `${pool.name}-disk`, generation: 1 }
}

function commonSpec(instance: InstanceConfig, pool: Pool): Omit<ContainerSpec, 'name' | 'generation' | 'port'> {
  return {
    instance: instance.name,
    pool: pool.name,
    image: pool.image,
    bind: instance.bind,
    memory: pool.memory,
    shm: pool.shm,
    disk: pool.disk,
    cpus: pool.cpus,
    pids: pool.pids,
    sudo: pool.sudo,
    reach: pool.reach,
    runtime: pool.runtime,
    ...clusterSettings(pool),
  }
}

/**
 * Returns the specs that `just provision` creates for a pool, one per slot. With `prepare_image` there are none: only
 * the manager knows the image.
 */
export function specsOf(instance: InstanceConfig, pool: Pool): PublishedSpec[] {
  if (pool.preparedImage !== null) return []
  return pool.ports
    .slice(0, pool.size)
    .map((port, index) => specOf(instance, pool, { number: index + 1, port, generation: null }))
}
