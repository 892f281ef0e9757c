/** What SQLite's refusals mean to Berth: what is wrong with its disk is no bug, and passes. */
import { BerthError } from '../core/errors.ts'

/** By SQLite's primary result code. */
const DISK: Readonly<Record<number, string>> = {
  5: 'another process keeps it locked',
  7: 'there is not enough memory',
  8: 'it may only be read',
  10: 'its disk does not work',
  13: 'its disk is full; make room, and it works again',
  14: 'its file cannot be opened',
}

const BUSY = 5

/** Another process writes; also of an error that was translated. */
export function isBusy(error: unknown): boolean {
  const cause = error instanceof BerthError ? error.cause : error
  return codeOf(cause) === BUSY
}

/** SQLite's primary result code; null when it is no error of SQLite's. */
function codeOf(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : null
}

/** The error to throw for one that came out of node:sqlite; the transaction it comes from has changed nothing. */
export function translate(error: unknown): unknown {
  const why = DISK[codeOf(error) ?? 0]
  if (why === undefined) return error
  return new BerthError('database_unavailable', `the database cannot be used: ${why}`, { cause: error })
}
