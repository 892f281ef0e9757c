/** Translates Docker's errors. The only file that matches message text. */
import { BerthError, reasonOf } from '../../../domain/errors.ts'

/**
 * Docker answers 500 for a port that another container ("already allocated") or a program ("already in use") holds:
 * only the text tells this from a failure.
 */
const PORT_CLASH = /port is already allocated|address already in use/i
const PORT_KEPT = /port is already allocated/i
/** Docker (20.10) may keep a port allocated without a container, if it went down while it was starting one. */
const FREE_PORT = 'If no container has it, Docker has lost track of it: restart Docker'
const NO_IMAGE = /no such image/i
const PAUSED = /cannot start a paused container/i
const NO_RUNTIME = /unknown (?:or invalid )?runtime/i
/** Errors of the storage drivers overlay2, vfs, btrfs, devicemapper and windowsfilter. */
const NO_DISK_LIMIT = /storage-opt|quota|container size cannot be/i
/** Some drivers limit the whole file system of a container, of which the image is a part. */
const DISK_TOO_SMALL = /disk quota exceeded/i
export const DISK_REMEDY =
  'Put Docker\'s data folder on xfs that is mounted with "pquota", or on zfs; or take "disk" out of the pool'
const LARGER_DISK = 'The image does not fit into "disk" of the pool, and counts with this storage driver: raise "disk"'
const WANTS_TLS = /HTTP request to an HTTPS server/i
const NO_NETWORK = /network \S+ not found/i

/** An answer of Docker that is not 2xx, with Docker's message. */
export class DockerApiError extends Error {
  /** HTTP status. */
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Returns undefined when there was no answer. */
function statusOf(error: unknown): number | undefined {
  return error instanceof DockerApiError ? error.status : undefined
}

/** Returns a handler for `.catch` that takes these HTTP statuses as success. */
export function ignoreStatus(...statuses: number[]): (error: unknown) => void {
  return (error) => {
    if (!statuses.includes(statusOf(error) ?? 0)) throw error
  }
}

/** Returns whether a container could not start because its network was removed, e.g. by `docker network prune`. */
export function isMissingNetwork(error: unknown): boolean {
  return statusOf(error) === 404 && NO_NETWORK.test(reasonOf(error))
}

/** Returns whether a container could not start because its port is taken. */
export function isPortClash(error: unknown): boolean {
  return statusOf(error) === 500 && PORT_CLASH.test(reasonOf(error))
}

/** Returns why Docker refused a container with a disk limit, and what to do; null for other errors. */
export function diskRefusal(error: unknown): string | null {
  const answer = reasonOf(error)
  if (statusOf(error) === undefined || !NO_DISK_LIMIT.test(answer)) return null
  return `${answer}. ${DISK_TOO_SMALL.test(answer) ? LARGER_DISK : DISK_REMEDY}`
}

/** Returns whether a start was refused because the container is paused. */
export function isPaused(error: unknown): boolean {
  return statusOf(error) === 409 && PAUSED.test(reasonOf(error))
}

/** Turns Docker's refusal to do something inside a container, which is not running or gone, into `guest_failed`. */
export async function asGuestError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const status = statusOf(error)
    if (status === 404 || status === 409) throw new BerthError('guest_failed', reasonOf(error), { cause: error })
    throw error
  }
}

/** Returns the error to throw for a failed request. `what` names the request, e.g. "start alpine-1". */
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
  const disk = diskRefusal(error)
  if (disk !== null) return refuse('engine_failed', disk)
  if (WANTS_TLS.test(answer)) {
    return refuse('engine_unavailable', `${answer}: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH`)
  }
  return refuse('engine_failed', answer)
}

/** Returns the error for an answer that cannot be read, or that is not Docker's. */
export function unexpectedResponse(): Error {
  return Object.assign(new Error('unexpected response'), { code: 'UNEXPECTED_RESPONSE' })
}

export function unavailable(what: string, address: string, cause: unknown): BerthError {
  return new BerthError('engine_unavailable', `${what}: Docker at ${address}: ${reasonOf(cause)}`, { cause })
}

/**
 * Node gives errors of the system a code (refused, no such socket, no permission, hung up, no such host), and bugs
 * none.
 */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}
