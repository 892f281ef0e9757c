/**
 * Maps errors to answers. A code without a status does not compile. The texts come from where the error is thrown: that
 * of `not_enough` (409) from usecases/limits.ts.
 */
import type { Static } from 'typebox'
import { Type } from '../json-schema.ts'
import { BerthError, type ErrorCode, type Violation } from '../../domain/errors.ts'

export const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid_request: 400,
  unauthorized: 401,
  sign_on_unavailable: 503,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  not_enough: 409,
  quota_exceeded: 429,
  rate_limited: 429,
  idempotency_mismatch: 409,
  conflict: 409,
  not_active: 409,
  cancelled: 409,
  engine_unavailable: 503,
  engine_conflict: 503,
  image_missing: 503,
  image_unfit: 503,
  pool_unusable: 503,
  engine_failed: 503,
  guest_failed: 503,
  database_unavailable: 503,
  schema_too_new: 500,
  invalid_config: 500,
  internal: 500,
}

/** Retry-After of a 503. */
export const RETRY_AFTER_S = 2

/** Converts what a handler threw: our error, fastify's refusal of a request, or a bug. */
export function toBerthError(error: unknown): BerthError {
  if (error instanceof BerthError) return error
  if (isRefusal(error))
    return new BerthError('invalid_request', error.message, { cause: error, violations: violationsOf(error) })
  return new BerthError('internal', "internal error; see the manager's log", { cause: error })
}

/** An error of fastify's that is the client's mistake. */
interface Refusal extends Error {
  readonly statusCode: number
  readonly validation?: readonly { instancePath: string; message?: string; params: Readonly<Record<string, unknown>> }[]
}

function isRefusal(error: unknown): error is Refusal {
  return (
    error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' && error.statusCode < 500
  )
}

/** "/ssh_keys/0" -> "ssh_keys[0]"; a property that is unknown or missing is part of the path. */
function violationsOf({ validation = [] }: Refusal): Violation[] {
  return validation.map(({ instancePath, message = 'is not valid', params }) => {
    const inner = params['additionalProperty'] ?? params['missingProperty']
    const steps = [...instancePath.split('/').slice(1), ...(typeof inner === 'string' ? [inner] : [])]
    const path = steps.map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`)).join('')
    const unknown = params['additionalProperty'] === undefined ? message : 'is an unknown property'
    return { path: path.replace(/^\./, ''), message: params['missingProperty'] === undefined ? unknown : 'is missing' }
  })
}

const Violations = Type.Array(Type.Object({ path: Type.String(), message: Type.String() }, { title: 'Violation' }), {
  description: 'Every violation of the request, with its path',
})

export const Problem = Type.Object(
  {
    type: Type.Literal('about:blank'),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.Enum(Object.keys(STATUS) as ErrorCode[], { title: 'ErrorCode' }),
    errors: Type.Optional(Violations),
  },
  { title: 'Problem' },
)

/** RFC 9457. A request that was understood, but breaks a rule, is 422 and lists its violations. */
export function problemDetails(error: BerthError): Static<typeof Problem> {
  const { code, violations, cause } = error
  const title = shortened(error.message)
  if (violations.length > 0) return { type: 'about:blank', title, status: 422, code, errors: listed(violations) }
  return { type: 'about:blank', title, status: isRefusal(cause) ? cause.statusCode : STATUS[code], code }
}

/** A body of 64 KiB can be wrong in ten thousand ways, and an answer that lists them is longer than it. */
const MAX_VIOLATIONS = 20
const MAX_PATH_LENGTH = 200
const MAX_TITLE_LENGTH = 2_000

function listed(violations: readonly Violation[]): Violation[] {
  const shown = violations
    .slice(0, MAX_VIOLATIONS)
    .map(({ path, message }) => ({ path: path.slice(0, MAX_PATH_LENGTH), message }))
  const more = violations.length - shown.length
  return more > 0 ? [...shown, { path: '', message: `and ${more} more` }] : shown
}

function shortened(text: string): string {
  return text.length > MAX_TITLE_LENGTH ? `${text.slice(0, MAX_TITLE_LENGTH)}…` : text
}
