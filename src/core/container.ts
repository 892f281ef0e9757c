/** A named place in a pool, what runs there now, and which changes of its state are legal. */

/**
 * creating -> ready -> reserved -> removing -> creating (next generation); creating|ready -> broken -> removing.
 * An admin can put aside what nobody holds: creating|ready|broken -> quarantined -> removing.
 */
export const CONTAINER_STATES = ['creating', 'ready', 'reserved', 'removing', 'broken', 'quarantined'] as const

export type ContainerState = (typeof CONTAINER_STATES)[number]

/**
 * What a container can reach. `internet`: all but the engine's own host (its services, this API, published ports of other
 * containers) and link-local addresses, where clouds keep their machines' credentials. `none`: nothing. `all`: whatever
 * the host lets its bridges reach. Its own sshd is reachable with each of them, and other containers with none.
 */
export const REACHES = ['internet', 'none', 'all'] as const

export type Reach = (typeof REACHES)[number]

/** Everything an engine needs to make one generation of a container. */
export interface ContainerSpec {
  readonly instance: string
  readonly pool: string
  readonly name: string
  /** null: made by `just provision`, for a manager to adopt. */
  readonly generation: number | null
  readonly image: string
  /** Host address and port on which its sshd is published. */
  readonly bind: string
  readonly port: number
  /** Bytes. */
  readonly memory: number
  /** Cores, fractions allowed. */
  readonly cpus: number
  readonly pids: number
  /** Whether accounts may become root inside. */
  readonly sudo: boolean
  readonly reach: Reach
  /** The engine's name of what runs it, e.g. "runsc"; null for the engine's own choice. */
  readonly runtime: string | null
}

/** One row: what we want and last knew. Times are epoch milliseconds. */
export interface Container {
  readonly name: string
  readonly pool: string
  readonly number: number
  readonly port: number
  readonly state: ContainerState
  /** When it entered this state. */
  readonly since: number
  /** 0: nothing of ours was made here yet, whatever the engine shows under this name. Only grows. */
  readonly generation: number
  readonly engineId: string | null
  /** Fingerprint, once sshd of this generation has answered. */
  readonly hostKey: string | null
  /** Failures in a row. */
  readonly attempts: number
  /** Leave it alone until then. */
  readonly retryAt: number
  /** Why the last attempt failed. */
  readonly error: string | null
}

/** What may change of a row. The store applies it only while state and generation are what the caller saw. */
export type ContainerPatch = Partial<Omit<Container, 'name' | 'pool' | 'number'>>

/** Failures in a row after which a container counts as broken and is retried more slowly. */
const BROKEN_AFTER = 3

const LONGEST_PAUSE = 5 * 60_000
/** What lasted this long has earned a clean slate. */
const STEADY = 60_000

/** Why a container retires whose place is no longer wanted. */
export const SHRUNK = 'the pool has shrunk'

/** Milliseconds to wait after the nth failure in a row: 0.5 s, 1 s, 2 s … 5 minutes. */
function pauseAfter(attempts: number): number {
  return Math.min(500 * 2 ** Math.max(0, attempts - 1), LONGEST_PAUSE)
}

/**
 * Whether it is left alone for now. A pause that seems longer than it was made was begun by a clock that has been set back
 * since, and is over.
 */
export function isPausing({ retryAt, attempts }: Pick<Container, 'retryAt' | 'attempts'>, now: number): boolean {
  return retryAt > now && retryAt - now <= pauseAfter(attempts)
}

/** The next generation of the place, nothing of it made yet. */
export function nextGeneration(container: Container, port: number, now: number): ContainerPatch {
  const since = container.state === 'creating' ? container.since : now
  return { state: 'creating', since, generation: container.generation + 1, port, engineId: null, hostKey: null }
}

/** The same, under a running reservation: the holder keeps the name and the port. */
export function replacement(container: Container): ContainerPatch {
  return { generation: container.generation + 1, engineId: null, hostKey: null, attempts: 0, retryAt: 0 }
}

export function ready(now: number): ContainerPatch {
  return { state: 'ready', since: now, retryAt: 0, error: null }
}

/** Off to be destroyed; only for containers that nobody holds. */
export function retired(reason: string | null, now: number): ContainerPatch {
  return { state: 'removing', since: now, retryAt: 0, error: reason }
}

/** The same, because a person wants it: whatever has failed there before does not slow it down. */
export function recycled(container: Container, now: number): ContainerPatch {
  return { ...retired(container.error, now), attempts: 0 }
}

/** Put aside as it is. */
export function quarantined(now: number): ContainerPatch {
  return { state: 'quarantined', since: now, retryAt: 0 }
}

/** A step failed: try again later, ever more slowly, and call it broken after some failures. */
export function failed(container: Container, reason: string, now: number): ContainerPatch {
  const attempts = container.attempts + 1
  const patch = { attempts, retryAt: now + pauseAfter(attempts), error: reason }
  if (container.state !== 'creating' || attempts < BROKEN_AFTER) return patch
  return { ...patch, state: 'broken', since: now }
}

/** What a held container has to last after it was started again, to start over: its work is given up for less than that only. */
const STEADY_AGAIN = 5_000

/** A held container was down. Stumbling again soon counts up; after a steady while it starts over. */
export function stumbled(container: Container, reason: string, now: number): ContainerPatch {
  const attempts = now - container.retryAt >= STEADY_AGAIN ? 1 : container.attempts + 1
  return { attempts, retryAt: now + pauseAfter(attempts), error: reason }
}

/** Not worth another attempt on the same generation: its playbook failed, or it died while it was ready. */
export function broken(container: Container, reason: string, now: number): ContainerPatch {
  const steady = container.state === 'ready' && now - container.since >= STEADY
  const attempts = steady ? 1 : container.attempts + 1
  return { state: 'broken', since: now, attempts, retryAt: now + pauseAfter(attempts), error: reason }
}

/** Since when the oldest of them has been waiting to be destroyed, or has been broken; null when none is. */
export function uncleanSince(containers: readonly Container[]): number | null {
  const unclean = containers.filter((c) => c.state === 'removing' || c.state === 'broken')
  return unclean.length === 0 ? null : Math.min(...unclean.map((c) => c.since))
}

/** alpine-2 before alpine-10 */
export function byName(a: { pool: string; number: number }, b: { pool: string; number: number }): number {
  if (a.pool !== b.pool) return a.pool < b.pool ? -1 : 1
  return a.number - b.number
}
