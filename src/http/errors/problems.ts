/**
 * Maps errors to answers. The texts come from the place where the error is thrown.
 */
import type { Static } from 'typebox'
import { Type } from '../json-schema.ts'
import { BerthError, type ErrorCode, type Violation } from '../../domain/errors.ts'
import { PROBLEMS, problemType } from './catalogue.ts'
import { isRefusal, refusalText, statusOfRefusal } from './fastify-refusals.ts'

/** Retry-After of a 503, in seconds. */
export const RETRY_AFTER_S = 2
/** Retry-After of `rate_limited` in seconds, unless the limit itself has set one. */
export const RATE_LIMITED_RETRY_S = 5

/**
 * Converts what a handler or fastify threw: a BerthError stays, fastify's refusal of the request becomes
 * `invalid_request`, anything else is a bug. `contentType` is the header of the request.
 */
export function toBerthError(error: unknown, contentType: string | undefined): BerthError {
  if (error instanceof BerthError) return error
  if (isRefusal(error)) return new BerthError('invalid_request', refusalText(error, contentType), { cause: error })
  return new BerthError('internal', "internal error; see the manager's log", { cause: error })
}

const Violations = Type.Array(Type.Object({ path: Type.String(), message: Type.String() }, { title: 'Violation' }), {
  description: 'Every violation of the request, or of berth.yml in a reload, with its path',
})

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'Where the code is explained, relative to the address of the manager' }),
    title: Type.String({ description: 'What the code means, the same for every occurrence' }),
    status: Type.Integer(),
    detail: Type.String({ description: 'What happened, and what to do: a sentence for people' }),
    code: Type.Enum(Object.keys(PROBLEMS) as ErrorCode[], { title: 'ErrorCode', description: 'Stable, for programs' }),
    request_id: Type.String({ description: 'X-Request-Id of this answer; the log of the manager has it, too' }),
    errors: Type.Optional(Violations),
  },
  { title: 'Problem' },
)

/** Returns the problem (RFC 9457). A request that can be read but breaks a rule is 422 and lists its violations. */
export function problemDetails(error: BerthError, requestId: string): Static<typeof Problem> {
  const { code, violations, cause } = error
  const isInvalid = violations.length > 0
  return {
    type: problemType(code),
    title: PROBLEMS[code].title,
    status: isInvalid ? 422 : (statusOfRefusal(cause) ?? PROBLEMS[code].status),
    detail: shortened(error.message),
    code,
    request_id: requestId,
    ...(isInvalid && { errors: listed(violations) }),
  }
}

/** A body of 64 KiB can be wrong in ten thousand ways, and an answer that lists them is longer than it. */
const MAX_VIOLATIONS = 20
const MAX_PATH_LENGTH = 200
const MAX_DETAIL_LENGTH = 2_000

function listed(violations: readonly Violation[]): Violation[] {
  const shown = violations
    .slice(0, MAX_VIOLATIONS)
    .map(({ path, message }) => ({ path: path.slice(0, MAX_PATH_LENGTH), message }))
  const more = violations.length - shown.length
  return more > 0 ? [...shown, { path: '', message: `and ${more} more` }] : shown
}

function shortened(text: string): string {
  return text.length > MAX_DETAIL_LENGTH ? `${text.slice(0, MAX_DETAIL_LENGTH)}…` : text
}
