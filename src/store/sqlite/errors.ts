/** Translates SQLite's errors: trouble with its disk is not a bug, and passes. */
import { BerthError } from '../../domain/errors.ts'

/** By SQLite's primary result code. */
const REASONS: Readonly<Record<number, string>> = {
  5: 'it is locked by another process',
  7: 'out of memory',
  8: 'it is read-only',
  10: 'disk I/O error',
  13: 'its disk is full; free some space',
  14: 'its file cannot be opened',
}

const BUSY = 5

/** Whether another process writes; also for an error that was translated. */
export function isBusy(error: unknown): boolean {
  const cause = error instanceof BerthError ? error.cause : error
  return codeOf(cause) === BUSY
}

/** Returns SQLite's primary result code; null for other errors. */
function codeOf(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : null
}

/** Returns the error to throw for one of node:sqlite; its transaction has changed nothing. */
export function translate(error: unknown): unknown {
  const why = REASONS[codeOf(error) ?? 0]
  if (why === undefined) return error
  return new BerthError('database_unavailable', `the database cannot be used: ${why}`, { cause: error })
}
