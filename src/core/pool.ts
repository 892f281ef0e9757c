import type { ContainerSpec, Reach } from './container.ts'

/** A named set of equal containers, as `berth.yml` describes it. */
export interface Pool {
  readonly name: string
  /** How many containers it should have. */
  readonly size: number
  readonly image: string
  /** Host ports; container number n listens on `ports[n - 1]`. At least `size` of them. */
  readonly ports: readonly number[]
  /** Bytes. */
  readonly memory: number
  /** Cores, fractions allowed. */
  readonly cpus: number
  readonly pids: number
  readonly sudo: boolean
  readonly reach: Reach
  /** null: the engine's own choice. */
  readonly runtime: string | null
  /** Milliseconds. */
  readonly duration: { readonly default: number; readonly max: number }
  /** Absolute path of a playbook that runs on every new container before it is ready. */
  readonly prepare: string | null
}

/** What was found inside a pool's containers, shared by all of them since they run one image. */
export interface PoolFacts {
  /** PRETTY_NAME of the os-release. */
  readonly os: string
  /** User and group names that the image has, so that no account can take them. */
  readonly names: readonly string[]
}

/** What all containers of this manager have in common. */
export interface Site {
  /** Marks our containers on an engine that others use, too. */
  readonly instance: string
  /** Host address on which the containers' SSH ports listen. */
  readonly bind: string
}

/** "alpine", 3 -> "alpine-3" */
export function containerName(pool: string, number: number): string {
  return `${pool}-${number}`
}

/** The port of a container by today's configuration; undefined when the pool has shrunk below it. */
export function portOf(pool: Pool | undefined, number: number): number | undefined {
  return pool && number <= pool.size ? pool.ports[number - 1] : undefined
}

/** How one generation of a container is to be made. `generation` null is for `just provision`. */
export function specOf(
  site: Site,
  pool: Pool,
  place: { readonly number: number; readonly port: number; readonly generation: number | null },
): ContainerSpec {
  return {
    instance: site.instance,
    pool: pool.name,
    name: containerName(pool.name, place.number),
    generation: place.generation,
    image: pool.image,
    bind: site.bind,
    port: place.port,
    memory: pool.memory,
    cpus: pool.cpus,
    pids: pool.pids,
    sudo: pool.sudo,
    reach: pool.reach,
    runtime: pool.runtime,
  }
}

/** What `just provision` makes of a pool, and what a manager would make of its places from scratch. */
export function specsOf(site: Site, pool: Pool): ContainerSpec[] {
  return pool.ports
    .slice(0, pool.size)
    .map((port, index) => specOf(site, pool, { number: index + 1, port, generation: null }))
}
