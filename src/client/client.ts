/**
 * A thin client of the v1 API: openapi-fetch with the types of the served OpenAPI document (`schema.d.ts`, which
 * `just api` renews). Exported as `berth/client`; the command `berth` uses nothing else.
 *
 *     const berth = openClient({ url: 'http://localhost:8080' })
 *     const { reservations } = await answerOf(berth.GET('/v1/reservations'))
 */
import createClient, { type Client } from 'openapi-fetch'
import type { paths } from './schema.d.ts'

export type { paths } from './schema.d.ts'

/** For responses in several formats, the types are those of JSON. */
type AnyJson = `${string}/${string}json`

export type BerthClient = Client<paths, AnyJson>

export interface ClientOptions {
  /** Where the manager serves, such as "http://localhost:8080". */
  readonly url: string
  readonly token?: string | undefined
  readonly fetch?: (request: Request) => Promise<Response>
}

type Json<Answer> = Answer extends { content: { 'application/json': infer Body } } ? Body : never
type Ok<Operation, Status extends number = 200> = Operation extends { responses: { [S in Status]: infer Answer } }
  ? Json<Answer>
  : never

export type Reservation = Ok<paths['/v1/reservations/{id}']['get']>
export type Reserved = Ok<paths['/v1/reservations']['post'], 201>
export type ReserveRequest = NonNullable<
  paths['/v1/reservations']['post']['requestBody']
>['content']['application/json']
export type Container = Ok<paths['/v1/containers']['get']>['containers'][number]
export type Me = Ok<paths['/v1/me']['get']>
export type Usage = Ok<paths['/v1/usage']['get']>
export type Token = Ok<paths['/v1/tokens']['get']>['tokens'][number]
export type WantedToken = NonNullable<paths['/v1/tokens']['post']['requestBody']>['content']['application/json']
export type Event = Ok<paths['/v1/events']['get']>['events'][number]
export type EventFilter = Omit<NonNullable<paths['/v1/events']['get']['parameters']['query']>, 'after' | 'limit'>
export type Pool = Ok<paths['/v1/pools']['get']>['pools'][number]

/** One problem of a request. */
interface Violation {
  readonly path: string
  readonly message: string
}

/** The manager refused, or something that is not a manager has answered. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  /** Stable, see `Problem` in the OpenAPI document; "not_berth" if the response was not one of Berth's. */
  readonly code: string
  readonly violations: readonly Violation[]

  constructor(status: number, code: string, message: string, violations: readonly Violation[] = []) {
    super(message)
    this.status = status
    this.code = code
    this.violations = violations
  }
}

/** The manager does not answer. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
  readonly url: string

  constructor(url: string, cause: unknown) {
    super(`${url} does not answer: ${reasonOf(cause)}`, { cause })
    this.url = url
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
export function problemOf(body: unknown, { status }: Response): ApiError {
  if (typeof body !== 'object' || body === null || !('code' in body) || !('title' in body)) return notBerth(status)
  const violations = 'errors' in body && Array.isArray(body.errors) ? body.errors.filter(isViolation) : []
  // Managers before 0.2 say in title what has happened.
  const message = 'detail' in body ? body.detail : body.title
  return new ApiError(status, String(body.code), String(message), violations)
}

function isViolation(value: unknown): value is Violation {
  return typeof value === 'object' && value !== null && 'path' in value && 'message' in value
}

function notBerth(status: number): ApiError {
  return new ApiError(status, 'not_berth', `what answers there is not a Berth manager (HTTP ${status})`)
}

/** Returns why fetch failed: its message is "fetch failed", and the reason is in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const inner = error.cause instanceof Error ? error.cause : error
  const first = inner instanceof AggregateError ? (inner.errors[0] as unknown) : inner
  return first instanceof Error ? first.message : inner.message
}
