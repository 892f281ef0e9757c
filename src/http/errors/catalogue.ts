/**
 * The problems that the API reports, one per error code. A code without an entry does not compile. `/docs/errors`
 * shows the whole catalogue.
 */
import type { ErrorCode } from '../../domain/errors.ts'

interface Entry {
  readonly status: number
  /** `title` of the problem: the same for every occurrence (RFC 9457, 3.1.3). */
  readonly title: string
  readonly meaning: string
  readonly remedy: string
}

const LATER = 'Repeat the request after Retry-After seconds.'
const SEE_LOG = "An admin finds the details in the manager's log, under the request id of the answer."

export const PROBLEMS: Readonly<Record<ErrorCode, Entry>> = {
  invalid_request: {
    status: 400,
    title: 'Invalid request',
    meaning: 'The request cannot be read (400, 413, 415), or values in it are not allowed (422).',
    remedy: 'Change what detail names. With 422, errors lists every violation with its path.',
  },
  unauthorized: {
    status: 401,
    title: 'Unauthorized',
    meaning:
      'The request has no token and no session of a browser, or an invalid one: incomplete, unknown, deleted or expired.',
    remedy:
      'Send "Authorization: Bearer TOKEN", or sign in again with the browser. An admin creates a token with "berth ' +
      'token create".',
  },
  sign_on_unavailable: {
    status: 503,
    title: 'Identity provider not available',
    meaning: 'The identity provider does not answer, so the token cannot be checked.',
    remedy: LATER,
  },
  forbidden: {
    status: 403,
    title: 'Forbidden',
    meaning:
      'Only an admin may do this, the token does not allow the pool, the Host is not allowed, or the request came from ' +
      'a page of another site.',
    remedy:
      'Ask an admin, or use another token; behind a proxy, set url in berth.yml. GET /v1/me shows who you are, and your limits.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    meaning: 'It does not exist, or belongs to another owner.',
    remedy: 'Check the path and the name. GET /v1/reservations lists your reservations.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    meaning: 'The path exists, but not with this method.',
    remedy: 'Use one of the methods in the header Allow.',
  },
  not_enough: {
    status: 409,
    title: 'Not enough containers',
    meaning: 'The pool has fewer ready containers than the request asks for. Nothing was taken.',
    remedy: 'Reserve fewer, or wait in the queue: "wait": "10m".',
  },
  quota_exceeded: {
    status: 429,
    title: 'Quota exceeded',
    meaning: 'The request asks for more containers, or more waiting reservations, at once than are allowed.',
    remedy: 'Release reservations that are not needed. GET /v1/me shows your limits.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    meaning: 'Too many requests in a minute, or too many streams, waiting answers or terminals at once.',
    remedy: LATER,
  },
  idempotency_mismatch: {
    status: 409,
    title: 'Idempotency-Key used for another request',
    meaning: 'The key was used for a different request in the last 24 hours.',
    remedy: 'Use a new key for each request, and the same key only to repeat one.',
  },
  conflict: {
    status: 409,
    title: 'Conflict',
    meaning: 'The state of the resource does not allow it.',
    remedy: 'Change that state first, as detail says.',
  },
  not_active: {
    status: 409,
    title: 'Reservation not active',
    meaning: 'The reservation is over, or has not started.',
    remedy: 'Wait until it is active, or make a new reservation.',
  },
  cancelled: {
    status: 409,
    title: 'Reservation cancelled',
    meaning:
      'The reservation was released while it was being prepared, or another manager has resumed its preparation.',
    remedy:
      'If another manager has resumed it, repeat the request with the same Idempotency-Key. If it was released, make ' +
      'a new reservation.',
  },
  engine_unavailable: {
    status: 503,
    title: 'Container engine not available',
    meaning: 'The container engine does not answer in time.',
    remedy: LATER,
  },
  engine_conflict: {
    status: 503,
    title: 'Conflict in the container engine',
    meaning: 'A name or a port is in use by something that does not belong to this manager.',
    remedy: SEE_LOG,
  },
  image_missing: {
    status: 503,
    title: 'Image missing',
    meaning: 'The engine does not have the image of the pool.',
    remedy: 'An admin builds or pulls the image; the manager tries again by itself.',
  },
  image_unfit: {
    status: 503,
    title: 'Image cannot be lent',
    meaning: 'Containers of this image cannot be lent.',
    remedy: 'An admin changes the image as detail says; the manager tries again by itself.',
  },
  pool_unusable: {
    status: 503,
    title: 'Pool not usable',
    meaning: 'The pool cannot lend any container and cannot create one.',
    remedy: 'An admin fixes what detail names, or the request names another pool; the manager tries again by itself.',
  },
  engine_failed: {
    status: 503,
    title: 'Container engine failed',
    meaning: 'The container engine refused an operation.',
    remedy: LATER,
  },
  guest_failed: {
    status: 503,
    title: 'Container failed',
    meaning: 'Something inside a container did not work: sshd, an account or a playbook.',
    remedy: LATER,
  },
  database_unavailable: {
    status: 503,
    title: 'Database not available',
    meaning: 'The database cannot be read or written now, or its disk is full. Nothing was changed.',
    remedy: LATER,
  },
  schema_too_new: {
    status: 500,
    title: 'Database of a newer version',
    meaning: 'The database was written by a newer version of Berth.',
    remedy: 'An admin starts that version, or restores a backup.',
  },
  invalid_config: {
    status: 500,
    title: 'Invalid configuration',
    meaning: 'A setting of the manager cannot be used. After a reload, the settings stay as they were (422).',
    remedy: 'An admin corrects berth.yml. With 422, errors lists every problem with its path.',
  },
  internal: {
    status: 500,
    title: 'Internal error',
    meaning: 'An error that was not expected: a bug in the manager, or in its set-up.',
    remedy: SEE_LOG,
  },
}

/** Path of the page that shows the catalogue. */
export const ERRORS_PATH = '/docs/errors'

/** Returns `type` of a problem: a reference to the code's entry, relative to the address of the manager. */
export function problemType(code: ErrorCode): string {
  return `${ERRORS_PATH}#${code}`
}
