/** The slots of pools, the container in each, and the legal changes of its state. */

import type { ClusterSettings } from './cluster/settings.ts'

/**
 * creating -> ready -> reserved -> removing -> creating (next generation); creating|ready -> broken -> removing.
 * An admin can quarantine a container that is not reserved: creating|ready|broken -> quarantined -> removing.
 */
export const CONTAINER_STATES = ['creating', 'ready', 'reserved', 'removing', 'broken', 'quarantined'] as const

export type ContainerState = (typeof CONTAINER_STATES)[number]

/**
 * What a container can reach. `internet`: everything except the engine's host (its services, this API, published
 * ports of other containers) and link-local addresses, where clouds serve credentials. `none`: nothing. `all`:
 * whatever the host lets its bridges reach. In every case its own sshd is reachable, and other containers are not.
 */
export const REACHES = ['internet', 'none', 'all'] as const

export type Reach = (typeof REACHES)[number]

/** What all containers of a pool have in common. */
export interface ContainerSettings extends ClusterSettings {
  readonly image: string
  /** Bytes. */
  readonly memory: number
  /** Maximum size of /dev/shm in bytes. What is stored there counts as memory. */
  readonly shm: number
  /** Maximum size of the files that the container writes, in bytes; null for no limit. */
  readonly disk: number | null
  /** Cores, fractions allowed. */
  readonly cpus: number
  readonly pids: number
  /** Whether accounts may become root inside. */
  readonly sudo: boolean
  readonly reach: Reach
  /** The engine's name of what runs it, e.g. "runsc"; null for the engine's own choice. */
  readonly runtime: string | null
}

/** Everything that an engine needs to create one generation of a container. */
export interface ContainerSpec extends ContainerSettings {
  readonly instance: string
  readonly pool: string
  readonly name: string
  /** null: made by `just provision`, for a manager to adopt. */
  readonly generation: number | null
  /** Host address and port on which its sshd is published. */
  readonly bind: string
  /** Absent where the engine itself assigns addresses. */
  readonly port?: number
}

/** A spec whose port the configuration names. */
export type PublishedSpec = ContainerSpec & { readonly port: number }

/** A row: the desired state and what was last observed. Times are epoch milliseconds. */
export interface Container {
  readonly name: string
  readonly pool: string
  readonly number: number
  /** Where people reach it, as the engine observed; null where that is `ssh.host` of berth.yml. */
  readonly host: string | null
  readonly port: number
  /** Name of the engine's machine that it runs on; null when the engine is one machine. */
  readonly node: string | null
  readonly state: ContainerState
  /** When it entered this state. After a failure: when it first entered it; a retry that fails changes nothing. */
  readonly since: number
  /** Only grows. 0: Berth has created nothing here yet, whatever the engine lists under this name. */
  readonly generation: number
  readonly engineId: string | null
  /** Fingerprint, once sshd of this generation has answered. */
  readonly hostKey: string | null
  /** The key itself, "ssh-ed25519 AAAA…"; null also where an earlier version of Berth surveyed it. */
  readonly hostPublicKey: string | null
  /** Failures in a row. */
  readonly attempts: number
  /** No work on it before this time. */
  readonly retryAt: number
  /** Why the last attempt failed. */
  readonly error: string | null
  /** When a reset was requested; null if none was, and again once its replacement has begun. */
  readonly resetAt: number | null
}

/** A change of a row. The store applies it only if state and generation are still what the caller saw. */
export type ContainerPatch = Partial<Omit<Container, 'name' | 'pool' | 'number'>>

/** Failures in a row after which a container counts as broken and is retried more slowly. */
const BROKEN_AFTER_FAILURES = 3

const MAX_BACKOFF_MS = 5 * 60_000
/** Uptime after which a ready container's failure count starts over. */
const STABLE_MS = 60_000

/** Reason for retiring a container whose slot is no longer wanted. */
export const SHRUNK = 'the pool has shrunk'

/** Returns the milliseconds to wait after the nth failure in a row: 0.5 s, 1 s, 2 s … 5 minutes. */
function backoffAfter(attempts: number): number {
  return Math.min(500 * 2 ** Math.max(0, attempts - 1), MAX_BACKOFF_MS)
}

/**
 * Whether its back-off is running. A back-off that is longer than the maximum means that the clock was set back, and is
 * ignored.
 */
export function isBackingOff({ retryAt, attempts }: Pick<Container, 'retryAt' | 'attempts'>, now: number): boolean {
  return retryAt > now && retryAt - now <= backoffAfter(attempts)
}

/** Fields that are empty until the engine has created the generation. */
const NOT_CREATED = {
  engineId: null,
  hostKey: null,
  hostPublicKey: null,
  host: null,
  node: null,
  resetAt: null,
} as const

/** The next generation in the slot, not created yet. */
export function nextGeneration(container: Container, port: number, now: number): ContainerPatch {
  const since = container.state === 'creating' ? container.since : sinceFailure(container, now)
  // The reason for removing the previous generation does not concern this one; a failure to create it does.
  const error = container.attempts > 0 ? container.error : null
  return { state: 'creating', since, generation: container.generation + 1, port, ...NOT_CREATED, error }
}

/** The next generation under a running reservation, which keeps the name and the port. */
export function replacement(container: Container): ContainerPatch {
  return { generation: container.generation + 1, ...NOT_CREATED, attempts: 0, retryAt: 0 }
}

/** Requests a replacement under the running reservation. Earlier failures do not delay it. */
export function resetting(now: number): ContainerPatch {
  return { resetAt: now, attempts: 0, retryAt: 0, error: 'reset on request' }
}

export function ready(now: number): ContainerPatch {
  return { state: 'ready', since: now, retryAt: 0, error: null }
}

/** To be destroyed. Only for containers that are not reserved. */
export function retired(reason: string | null, now: number): ContainerPatch {
  return { state: 'removing', since: now, retryAt: 0, error: reason }
}

/** To be destroyed, and then tried again. */
export function retried(container: Container, now: number): ContainerPatch {
  return { ...retired(container.error, now), since: sinceFailure(container, now) }
}

/**
 * Returns when the trouble of a container that is not in use began, so that its age grows over all retries; `now` if
 * nothing has failed. Otherwise a container whose image is missing would have been broken for some seconds at most.
 */
function sinceFailure({ attempts, since }: Container, now: number): number {
  return attempts > 0 ? since : now
}

/** To be destroyed because an admin wants it: earlier failures do not delay it. */
export function recycled(container: Container, now: number): ContainerPatch {
  return { ...retired(container.error, now), attempts: 0 }
}

/** Kept unchanged for inspection. */
export function quarantined(now: number): ContainerPatch {
  return { state: 'quarantined', since: now, retryAt: 0 }
}

/** A step failed: it is retried with back-off, and is broken after some failures. */
export function failed(container: Container, reason: string, now: number): ContainerPatch {
  const attempts = container.attempts + 1
  const patch = { attempts, retryAt: now + backoffAfter(attempts), error: reason }
  if (container.state !== 'creating' || attempts < BROKEN_AFTER_FAILURES) return patch
  return { ...patch, state: 'broken' }
}

/** Uptime after a restart that resets a reserved container's failure count. */
const STABLE_AFTER_RESTART_MS = 5_000

/** A reserved container was down and is restarted. Counts failures until it has been up for STABLE_AFTER_RESTART_MS. */
export function restarted(container: Container, reason: string, now: number): ContainerPatch {
  const attempts = now - container.retryAt >= STABLE_AFTER_RESTART_MS ? 1 : container.attempts + 1
  return { attempts, retryAt: now + backoffAfter(attempts), error: reason }
}

/** This generation is given up: its playbook failed, or it died while it was ready. */
export function broken(container: Container, reason: string, now: number): ContainerPatch {
  const steady = container.state === 'ready' && now - container.since >= STABLE_MS
  const attempts = steady ? 1 : container.attempts + 1
  const since = container.state === 'creating' ? sinceFailure(container, now) : now
  return { state: 'broken', since, attempts, retryAt: now + backoffAfter(attempts), error: reason }
}

/** The container here must be left alone, for this reason. Nothing has failed, so there is no back-off. */
export function blocked(container: Container, reason: string, now: number): ContainerPatch {
  const isFree = container.state === 'creating' || container.state === 'ready'
  return { error: reason, retryAt: 0, ...(isFree && { state: 'broken', since: now }) }
}

/** Returns how the engine and the accounts address a container. An id that is missing matches no container. */
export function targetOf({ engineId, name }: Pick<Container, 'engineId' | 'name'>): { id: string; name: string } {
  return { id: engineId ?? '', name }
}

/** Returns the line of known_hosts for a container at this address; null while its key is not known. */
export function knownHostsLine(host: string, { port, hostPublicKey }: Pick<Container, 'port' | 'hostPublicKey'>) {
  if (hostPublicKey === null) return null
  return `${port === 22 ? host : `[${host}]:${port}`} ${hostPublicKey}`
}

/**
 * Returns for how many milliseconds the oldest has been waiting to be destroyed or has been broken; 0 if none is. A
 * broken one that is being tried again counts, too.
 */
export function oldestUncleanMs(containers: readonly Container[], now: number): number {
  const unclean = containers.filter(
    ({ state, attempts }) =>
      state === 'removing' || state === 'broken' || (state === 'creating' && attempts >= BROKEN_AFTER_FAILURES),
  )
  return Math.max(0, now - Math.min(now, ...unclean.map((c) => c.since)))
}

/** alpine-2 before alpine-10 */
export function byName(a: { pool: string; number: number }, b: { pool: string; number: number }): number {
  if (a.pool !== b.pool) return a.pool < b.pool ? -1 : 1
  return a.number - b.number
}
