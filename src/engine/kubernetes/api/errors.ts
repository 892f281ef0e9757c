/** Translates the errors of Kubernetes. The only file that matches message text. */
import { BerthError, reasonOf } from '../../../domain/errors.ts'
import type { Status } from './types.ts'

/** The API server answers 500 for each failed exec: only the text tells that it could not reach the node. */
const NO_NODE = /error dialing backend|failed to connect|connection refused|i\/o timeout/i
/** The reason is that of any missing object, `NotFound`. */
const MISSING_NAMESPACE = /^namespaces "([\w-]+)" not found$/
/** Maximum of `Retry-After` in seconds. Longer ones are cut. */
const MAX_RETRY_AFTER_S = 3_600

/** An answer of the API server that is not 2xx. */
export class KubernetesApiError extends Error {
  /** HTTP status. */
  readonly status: number
  /** Word of Kubernetes for the cause, such as `AlreadyExists`. Empty if something else answered, like a proxy. */
  readonly reason: string
  /** How long to wait before the request is sent again, by `Retry-After`; null if the answer has none. */
  readonly retryAfterMs: number | null

  constructor(status: number, message: string, reason = '', retryAfterMs: number | null = null) {
    super(message)
    this.status = status
    this.reason = reason
    this.retryAfterMs = retryAfterMs
  }
}

/** Returns the error of an answer with this body. `retryAfter` is the header. */
export function errorOf(httpStatus: number, body: string, retryAfter: string | undefined): KubernetesApiError {
  const { message, reason, details } = statusIn(body)
  const seconds = /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) : details?.retryAfterSeconds
  const retryAfterMs = seconds === undefined ? null : Math.min(seconds, MAX_RETRY_AFTER_S) * 1_000
  return new KubernetesApiError(httpStatus, message ?? plainText(body) ?? `HTTP ${httpStatus}`, reason, retryAfterMs)
}

/** Returns undefined when there was no answer. */
function statusOf(error: unknown): number | undefined {
  return error instanceof KubernetesApiError ? error.status : undefined
}

/** Returns whether the API server answered with this HTTP status. */
export function hasStatus(error: unknown, status: number): error is KubernetesApiError {
  return statusOf(error) === status
}

/** Turns the refusal to run something in a container, which is not running or gone, into `guest_failed`. */
export function asGuestError(error: unknown): unknown {
  const status = statusOf(error)
  const isGuest = status === 400 || status === 404 || (status === 500 && !NO_NODE.test(reasonOf(error)))
  return isGuest ? new BerthError('guest_failed', reasonOf(error), { cause: error }) : error
}

/** Returns the error to throw for a failed request. `what` names the request, e.g. "create alpine-1-g4". */
export function translate(error: unknown, what: string, address: string): unknown {
  if (error instanceof BerthError) return error
  const status = statusOf(error)
  if (status === undefined) return isSystemError(error) ? unavailable(what, address, error) : error
  if (status === 409) return new BerthError('engine_conflict', `${what}: ${reasonOf(error)}`, { cause: error })
  // 410: the rest of the list, or the version of a watch, has expired. 429 and 5xx: the API server is overloaded or
  // starts, or it cannot reach etcd or a node.
  if (status === 410 || status === 429 || status >= 500) return unavailable(what, address, error)
  if (status === 401) {
    return unavailable(what, address, `${reasonOf(error)}: the credentials are wrong or have expired; renew them`)
  }
  const [, namespace] = MISSING_NAMESPACE.exec(reasonOf(error)) ?? []
  const remedy = namespace === undefined ? '' : `; create it with \`kubectl create namespace ${namespace}\``
  return new BerthError('engine_failed', `${what}: ${reasonOf(error)}${remedy}`, { cause: error })
}

export function unavailable(what: string, address: string, cause: unknown): BerthError {
  return new BerthError('engine_unavailable', `${what}: Kubernetes at ${address}: ${reasonOf(cause)}`, { cause })
}

/** Returns the error for an answer that cannot be read, or that is not Kubernetes'. */
export function unexpectedResponse(): Error {
  return Object.assign(new Error('unexpected response'), { code: 'UNEXPECTED_RESPONSE' })
}

function statusIn(body: string): Status {
  try {
    const answer: unknown = JSON.parse(body)
    return typeof answer === 'object' && answer !== null ? answer : {}
  } catch {
    return {}
  }
}

/** Returns a line of plain text, which proxies and Go's own server write. */
function plainText(body: string): string | undefined {
  return /^[^\p{C}<>{}]{1,200}(?=\n?$)/u.exec(body.trim())?.[0]
}

/** Errors of the system and of TLS have a code in Node; bugs have none. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}
