/**
 * A thin client of the v1 API: openapi-fetch with the types of the served OpenAPI document (`schema.d.ts`, which
 * `just api` renews). Exported as `berth/client`; the command `berth` uses nothing else.
 *
 *     const berth = openClient({ url: 'http://localhost:8080' })
 *     const { reservations } = await answerOf(berth.GET('/v1/reservations'))
 */
import createClient, { type Client } from 'openapi-fetch'
import type { components, paths } from './schema.d.ts'

export type { components, paths } from './schema.d.ts'

/** For responses in several formats, the types are those of JSON. */
type AnyJson = `${string}/${string}json`

export type BerthClient = Client<paths, AnyJson>

export interface ClientOptions {
  /** Where the manager serves, such as "http://localhost:8080". */
  readonly url: string
  readonly token?: string | undefined
  readonly fetch?: (request: Request) => Promise<Response>
}

type Schemas = components['schemas']

export type Reservation = Schemas['Reservation']
export type Reserved = Schemas['CreatedReservation']
export type ReserveRequest = Schemas['ReserveRequest']
export type Container = Schemas['Container']
export type Me = Schemas['Identity']
export type Usage = Schemas['Usage']
export type Series = Schemas['Series']
export type Token = Schemas['Token']
export type WantedToken = Schemas['TokenRequest']
export type Event = Schemas['Event']
export type Pool = Schemas['Pool']
export type Manager = Schemas['Manager']
export type EngineNode = Schemas['Node']
export type HeldReservation = Schemas['HeldReservation']
export type ReadinessProblem = Schemas['ReadinessProblem']
export type EventFilter = Omit<
  NonNullable<paths['/v1/events']['get']['parameters']['query']>,
  'after' | 'limit' | 'live'
>

/** One problem of a request. */
type Violation = Readonly<Schemas['Violation']>

/** The manager refused, or something that is not a manager has answered. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  /**
   * Stable, see `Problem` in the OpenAPI document. If the response was not one of Berth's: "unreachable" from a proxy
   * whose manager does not answer, "https_required" from a server that probably refuses http, otherwise "not_berth".
   */
  readonly code: string
  readonly violations: readonly Violation[]

  constructor(status: number, code: string, message: string, violations: readonly Violation[] = []) {
    super(message)
    this.status = status
    this.code = code
    this.violations = violations
  }
}

/** The manager does not answer, or its certificate is not trusted. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
  readonly url: string
  /** Code of the cause, such as ECONNREFUSED or CERT_HAS_EXPIRED, if it has one. */
  readonly code: string | undefined

  constructor(url: string, cause: unknown) {
    const root = rootCauseOf(cause)
    super(`${url} does not answer: ${root instanceof Error ? root.message : String(root)}`, { cause })
    this.url = url
    this.code = root instanceof Error && 'code' in root ? String(root.code) : undefined
  }
}

/** Throws `Unreachable` if the manager does not answer. A call aborted by its own signal stays an AbortError. */
export function openClient({ url, token, fetch = globalThis.fetch }: ClientOptions): BerthClient {
  const baseUrl = url.replace(/\/+$/, '')
  return createClient<paths, AnyJson>({
    baseUrl,
    ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    async fetch(request) {
      try {
        return await fetch(request)
      } catch (error) {
        throw request.signal.aborted ? error : new Unreachable(baseUrl, error)
      }
    },
  })
}

/** Returns the body of a response. Throws an `ApiError` if the manager refused. */
export async function answerOf<Data>(
  call: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<Data> {
  let answer: Awaited<typeof call>
  try {
    answer = await call
  } catch (error) {
    // openapi-fetch could not parse the body as JSON.
    if (error instanceof SyntaxError) throw notBerth(200)
    throw error
  }
  const { data, error, response } = answer
  if (!response.ok) throw problemOf(error, response)
  if (typeof data !== 'object' || data === null) throw notBerth(response.status)
  return data
}

/** Returns the error of a response: problem+json, or what a proxy has put in its place. */
export function problemOf(body: unknown, response: Response): ApiError {
  if (typeof body !== 'object' || body === null || !('code' in body) || !('title' in body)) return foreign(response)
  const { status } = response
  const violations = 'errors' in body && Array.isArray(body.errors) ? body.errors.filter(isViolation) : []
  // Managers of earlier versions have no `detail`, and say in `title` what happened.
  const message = 'detail' in body ? body.detail : body.title
  return new ApiError(status, String(body.code), String(message), violations)
}

function isViolation(value: unknown): value is Violation {
  return typeof value === 'object' && value !== null && 'path' in value && 'message' in value
}

/** Statuses with which a proxy says that the server behind it does not answer. */
const PROXY_STATUSES: readonly number[] = [502, 503, 504]

/** Returns the error of a response that is not Berth's. */
function foreign({ status, url, headers }: Response): ApiError {
  const at = URL.canParse(url) ? new URL(url).origin : 'this address'
  if (PROXY_STATUSES.includes(status)) {
    const message = `the proxy at ${at} answers ${status}: the manager behind it does not answer`
    return new ApiError(status, 'unreachable', message)
  }
  if (at.startsWith('http:')) {
    const isRedirected = headers.get('location')?.startsWith('https:') === true
    if (isRedirected) return new ApiError(status, 'https_required', `${at} answers ${status}: it requires https`)
    const message = `${at} answers 403: it probably requires https, or is not a Berth manager`
    if (status === 403) return new ApiError(status, 'https_required', message)
  }
  return notBerth(status)
}

function notBerth(status: number): ApiError {
  return new ApiError(status, 'not_berth', `what answers there is not a Berth manager (HTTP ${status})`)
}

/** Returns the error that made fetch fail. Its own message is only "fetch failed". */
function rootCauseOf(error: unknown): unknown {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return inner instanceof AggregateError ? (inner.errors[0] as unknown) : inner
}
