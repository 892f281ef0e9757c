/** How each error is answered. A code without a status does not compile. */
import { BerthError, type ErrorCode } from '../core/errors.ts'

export const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid_request: 400,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  not_enough: 409,
  cancelled: 409,
  engine_unavailable: 503,
  engine_conflict: 503,
  image_missing: 503,
  engine_failed: 503,
  guest_failed: 503,
  schema_too_new: 500,
  invalid_config: 500,
  internal: 500,
}

/** Seconds after which what is unavailable now is worth another try. */
export const RETRY_AFTER = 2

/** Whatever a handler threw: ours, fastify's own refusal of a request, or a bug. */
export function toBerthError(error: unknown): BerthError {
  if (error instanceof BerthError) return error
  if (isRefusal(error)) return new BerthError('invalid_request', error.message, { cause: error })
  return new BerthError('internal', 'something went wrong here; the log of the manager says what', { cause: error })
}

function isRefusal(error: unknown): error is Error & { statusCode: number } {
  return (
    error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' && error.statusCode < 500
  )
}

/** RFC 9457. */
export function problemDetails(error: BerthError): { type: string; title: string; status: number; code: string } {
  return { type: 'about:blank', title: error.message, status: STATUS[error.code], code: error.code }
}
