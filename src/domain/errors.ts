import { forTerminal } from './text/foreign-text.ts'

/**
 * Every expected refusal and failure. The union is closed: `http/errors/catalogue.ts` maps each code to a status in one
 * exhaustive record, so that a code without a status does not compile. No code matches message text. Texts are written
 * where an error is thrown; those of a refused reserve are in usecases/refusals.ts.
 */
export type ErrorCode =
  | 'invalid_request' // the caller's input; the message says which part, what was wrong, what is allowed
  | 'unauthorized' // no token, or an invalid one
  | 'sign_on_unavailable' // the identity provider does not answer; worth a retry
  | 'forbidden' // a foreign Host, a cross-site page, what only an admin may do
  | 'not_found'
  | 'method_not_allowed'
  | 'not_enough' // fewer ready containers than asked for; nothing was taken
  | 'quota_exceeded' // more than the token's limits allow at once
  | 'rate_limited' // too many requests
  | 'idempotency_mismatch' // an Idempotency-Key that was used for another request
  | 'conflict' // the state it is in does not allow that
  | 'not_active' // only an active reservation can have what was asked for
  | 'cancelled' // the reservation was ended while it was being prepared
  | 'engine_unavailable' // the engine does not answer, or not in time; worth a retry
  | 'engine_conflict' // a name or a port is in use by something that is not ours
  | 'image_missing'
  | 'image_unfit' // no container of this image can be lent; the message says what to change in it
  | 'pool_unusable' // none of the pool's containers can be made; the message says why
  | 'engine_failed' // the engine refused
  | 'guest_failed' // something inside a container did not work: sshd, an account, a playbook
  | 'database_unavailable' // it cannot be read or written now, or its disk is full; nothing was changed, worth a retry
  | 'schema_too_new' // the database was written by a newer Berth
  | 'invalid_config'
  | 'internal'

/** One problem of a request or of berth.yml: its path, and a message that follows the path. */
export interface Violation {
  readonly path: string
  readonly message: string
}

/** An expected refusal or failure. Anything else that is thrown is a bug, reported as `internal`. */
export class BerthError extends Error {
  override readonly name = 'BerthError'
  readonly code: ErrorCode
  /** Every violation of an invalid request or berth.yml, where they are known one by one. */
  readonly violations: readonly Violation[]

  constructor(
    code: ErrorCode,
    message: string,
    { cause, violations = [] }: { cause?: unknown; violations?: readonly Violation[] } = {},
  ) {
    super(message, { cause })
    this.code = code
    this.violations = violations
  }
}

/** Other writers of the database were in the way for too long. */
export class DatabaseLocked extends BerthError {
  constructor(message: string, cause: unknown) {
    super('database_unavailable', message, { cause })
  }
}

/** Refuses a request for all of its violations at once. */
export function invalidRequest(violations: readonly Violation[]): BerthError {
  return new BerthError('invalid_request', violations.map(({ path, message }) => `${path} ${message}`).join('; '), {
    violations,
  })
}

/** Refuses a berth.yml for all of its problems at once. A problem without a path concerns the whole file. */
export function invalidConfig(file: string, violations: readonly Violation[]): BerthError {
  const lines = violations.map(({ path, message }) => `\n  ${path === '' ? '' : `${path}: `}${message}`)
  return new BerthError('invalid_config', `${file} cannot be used:${lines.join('')}`, { violations })
}

/** Whether this is an error with the given code. */
export function hasCode(error: unknown, code: ErrorCode): error is BerthError {
  return error instanceof BerthError && error.code === code
}

/** The engine or the database fails, or the manager stops. Not the container's failure: the work is planned again. */
export function isInfrastructureError(error: unknown): boolean {
  return (['engine_unavailable', 'database_unavailable', 'cancelled'] as const).some((code) => hasCode(error, code))
}

/** Whether a file could not be used because it does not exist. */
export function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** Returns the code of anything thrown; `internal` if it was not expected. */
export function codeOf(error: unknown): ErrorCode {
  return error instanceof BerthError ? error.code : 'internal'
}

/** Returns the message of anything thrown, as one line for people. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return forTerminal(text.replaceAll(/\s+/g, ' ').trim().slice(0, 500))
}
