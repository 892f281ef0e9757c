/**
 * Every way in which Berth says no. The union is closed on purpose: `http/problems.ts` maps each code to a status in
 * one exhaustive record, so that a code without an answer does not compile. Nobody matches message text.
 */
export type ErrorCode =
  | 'invalid_request' // the caller's input; the message says which part, what was wrong, what is allowed
  | 'unauthorized' // no token, or not a good one
  | 'sign_on_unavailable' // the identity provider cannot be asked; worth a retry
  | 'forbidden' // a foreign Host, a cross-site page, what only an admin may do
  | 'not_found'
  | 'method_not_allowed'
  | 'not_enough' // fewer ready containers than asked for; nothing was taken
  | 'quota_exceeded' // more than the token's limits allow at once
  | 'rate_limited' // too many requests
  | 'idempotency_mismatch' // an Idempotency-Key that was used for another request
  | 'conflict' // the state it is in does not allow that
  | 'not_active' // it asks for something that only an active reservation can have
  | 'cancelled' // the reservation was ended while it was being prepared
  | 'engine_unavailable' // nobody answers at the engine's address, or not in time; worth a retry
  | 'engine_conflict' // a name or a port is taken by something that is not ours
  | 'image_missing'
  | 'engine_failed' // the engine answered, and the answer was no
  | 'guest_failed' // something inside a container did not work: sshd, an account, a playbook
  | 'database_unavailable' // it cannot be read or written now, its disk is full; nothing was changed, worth a retry
  | 'schema_too_new' // the database was written by a newer Berth
  | 'invalid_config'
  | 'internal'

/** One thing that is wrong with a request: where, and in words that follow the path. */
export interface Fault {
  readonly path: string
  readonly message: string
}

/** An expected refusal or failure. Whatever else is thrown is a bug and answered as `internal`. */
export class BerthError extends Error {
  override readonly name = 'BerthError'
  readonly code: ErrorCode
  /** Every fault of an invalid request, where they are known one by one. */
  readonly faults: readonly Fault[]

  constructor(
    code: ErrorCode,
    message: string,
    { cause, faults = [] }: { cause?: unknown; faults?: readonly Fault[] } = {},
  ) {
    super(message, { cause })
    this.code = code
    this.faults = faults
  }
}

/** A request refused for everything that is wrong with it, at once. */
export function invalidRequest(faults: readonly Fault[]): BerthError {
  return new BerthError('invalid_request', faults.map(({ path, message }) => `${path} ${message}`).join('; '), {
    faults,
  })
}

/** True for an error with the given code; narrows nothing else. */
export function hasCode(error: unknown, code: ErrorCode): error is BerthError {
  return error instanceof BerthError && error.code === code
}

/** The engine or the database fails, or we are stopping: nothing is held against a container, and the work is planned anew. */
export function isNobodysFault(error: unknown): boolean {
  return (['engine_unavailable', 'database_unavailable', 'cancelled'] as const).some((code) => hasCode(error, code))
}

/** Of anything thrown; whatever we did not expect is `internal`. */
export function codeOf(error: unknown): ErrorCode {
  return error instanceof BerthError ? error.code : 'internal'
}

/** Anything thrown, as one line for a person. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 500)
}
