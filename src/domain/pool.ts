import type { ContainerSettings, PublishedSpec } from './container.ts'

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
  /** Absolute path of a playbook that runs on every new container before it is ready. */
  readonly prepare: string | null
}

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

/** "alpine", 3 -> "alpine-3" */
export function containerName(pool: string, number: number): string {
  return `${pool}-${number}`
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
  return {
    instance: instance.name,
    pool: pool.name,
    name: containerName(pool.name, slot.number),
    generation: slot.generation,
    image: pool.image,
    bind: instance.bind,
    port: slot.port,
    memory: pool.memory,
    cpus: pool.cpus,
    pids: pool.pids,
    sudo: pool.sudo,
    reach: pool.reach,
    runtime: pool.runtime,
  }
}

/** Returns the specs that `just provision` creates for a pool, one per slot. */
export function specsOf(instance: InstanceConfig, pool: Pool): PublishedSpec[] {
  return pool.ports
    .slice(0, pool.size)
    .map((port, index) => specOf(instance, pool, { number: index + 1, port, generation: null }))
}
