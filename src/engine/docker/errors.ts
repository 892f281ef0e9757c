/** What Docker's refusals mean to Berth. The only file that looks at the words of an answer. */
import { BerthError, reasonOf } from '../../core/errors.ts'

/**
 * Docker answers 500 for a port that is held by another container ("already allocated") or by a program ("already in
 * use"): these words are all there is to tell it from a failure.
 */
const PORT_CLASH = /port is already allocated|address already in use/i
const PORT_KEPT = /port is already allocated/i
/** Docker (20.10) that went down while it was starting a container keeps its port for nobody after the next start. */
const FREE_PORT = 'If no container has it, Docker has lost track of it: restart Docker'
const NO_IMAGE = /no such image/i
const PAUSED = /cannot start a paused container/i
const RESTARTING = /is restarting/i
const NO_RUNTIME = /unknown (?:or invalid )?runtime/i
const NO_NETWORK = /network \S+ not found/i

/** Docker answered, in its own words, and it was no. */
export class DockerRefusal extends Error {
  /** Of HTTP. */
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** undefined when nobody answered. */
function statusOf(error: unknown): number | undefined {
  return error instanceof DockerRefusal ? error.status : undefined
}

/** For `.catch`: these answers are as good as success. */
export function accept(...statuses: number[]): (error: unknown) => void {
  return (error) => {
    if (!statuses.includes(statusOf(error) ?? 0)) throw error
  }
}

/** True when a container could not start because its network was removed, e.g. by `docker network prune`. */
export function isMissingNetwork(error: unknown): boolean {
  return statusOf(error) === 404 && NO_NETWORK.test(reasonOf(error))
}

/** True when a start was refused because it takes an unpause. */
export function isPaused(error: unknown): boolean {
  return statusOf(error) === 409 && PAUSED.test(reasonOf(error))
}

/** True when something was refused because Docker is about to start the container again by itself. */
export function isRestarting(error: unknown): boolean {
  return statusOf(error) === 409 && RESTARTING.test(reasonOf(error))
}

/** What is asked for inside a container is refused when it is not running, or is gone: that makes it `guest_failed`. */
export async function blamingGuest<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const status = statusOf(error)
    if (status === 404 || status === 409) throw new BerthError('guest_failed', reasonOf(error), { cause: error })
    throw error
  }
}

/** The error to throw for one that came out of a request. `what` says what was being done, e.g. "start alpine-1". */
export function translate(error: unknown, what: string, address: string): unknown {
  if (error instanceof BerthError) return error
  const status = statusOf(error)
  const answer = reasonOf(error)
  const refuse = (code: BerthError['code'], text: string) => new BerthError(code, `${what}: ${text}`, { cause: error })
  if (status === undefined) return isSystemError(error) ? unavailable(what, address, error) : error
  if (status === 404 && NO_IMAGE.test(answer)) {
    return refuse('image_missing', `${answer}. Make it with "just image", or fetch it with "docker pull"`)
  }
  if (status === 500 && PORT_KEPT.test(answer)) return refuse('engine_conflict', `${answer}. ${FREE_PORT}`)
  if (status === 500 && PORT_CLASH.test(answer)) return refuse('engine_conflict', answer)
  if (status === 400 && NO_RUNTIME.test(answer)) {
    const advice = 'install it, name it under "runtimes" in /etc/docker/daemon.json, and restart Docker'
    return refuse('engine_failed', `${answer}: ${advice}; or take "runtime" out of the pool`)
  }
  return refuse('engine_failed', answer)
}

/** For an answer that cannot be read, or that is none of Docker's. */
export function senseless(): Error {
  return Object.assign(new Error('its answer makes no sense'), { code: 'SENSELESS' })
}

export function unavailable(what: string, address: string, cause: unknown): BerthError {
  return new BerthError('engine_unavailable', `${what}: Docker at ${address}: ${reasonOf(cause)}`, { cause })
}

/** Refused, no such socket, no permission, hung up, no such host: Node gives each of these a code, and bugs none. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}
