/** How each error is answered. A code without a status does not compile. */
import type { Static } from 'typebox'
import { Type } from './json-schema.ts'
import { BerthError, type ErrorCode, type Fault } from '../core/errors.ts'

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
  engine_failed: 503,
  guest_failed: 503,
  database_unavailable: 503,
  schema_too_new: 500,
  invalid_config: 500,
  internal: 500,
}

/** Seconds after which what is unavailable now is worth another try. */
export const RETRY_AFTER = 2

/** Whatever a handler threw: ours, fastify's own refusal of a request, or a bug. */
export function toBerthError(error: unknown): BerthError {
  if (error instanceof BerthError) return error
  if (isRefusal(error))
    return new BerthError('invalid_request', error.message, { cause: error, faults: faultsOf(error) })
  return new BerthError('internal', 'something went wrong here; the log of the manager says what', { cause: error })
}

/** What fastify knows of an error that is the client's. */
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
function faultsOf({ validation = [] }: Refusal): Fault[] {
  return validation.map(({ instancePath, message = 'is not valid', params }) => {
    const inner = params['additionalProperty'] ?? params['missingProperty']
    const steps = [...instancePath.split('/').slice(1), ...(typeof inner === 'string' ? [inner] : [])]
    const path = steps.map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`)).join('')
    const unknown = params['additionalProperty'] === undefined ? message : 'is not known here'
    return { path: path.replace(/^\./, ''), message: params['missingProperty'] === undefined ? unknown : 'is missing' }
  })
}

const Faults = Type.Array(Type.Object({ path: Type.String(), message: Type.String() }), {
  description: 'Every fault of the request, with its path',
})

export const Problem = Type.Object({
  type: Type.Literal('about:blank'),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.Enum(Object.keys(STATUS) as ErrorCode[]),
  errors: Type.Optional(Faults),
})

/** RFC 9457. A request that was understood, but asks for what cannot be, is 422 and lists its faults. */
export function problemDetails(error: BerthError): Static<typeof Problem> {
  const { code, faults, cause } = error
  const title = shortened(error.message)
  if (faults.length > 0) return { type: 'about:blank', title, status: 422, code, errors: listed(faults) }
  return { type: 'about:blank', title, status: isRefusal(cause) ? cause.statusCode : STATUS[code], code }
}

/** A body of 64 KiB can be wrong in ten thousand ways, and an answer that lists them is longer than it. */
const MOST_FAULTS = 20
const LONGEST_PATH = 200
const LONGEST_TITLE = 2_000

function listed(faults: readonly Fault[]): Fault[] {
  const told = faults.slice(0, MOST_FAULTS).map(({ path, message }) => ({ path: path.slice(0, LONGEST_PATH), message }))
  const more = faults.length - told.length
  return more > 0 ? [...told, { path: '', message: `and ${more} more` }] : told
}

function shortened(text: string): string {
  return text.length > LONGEST_TITLE ? `${text.slice(0, LONGEST_TITLE)}…` : text
}
