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

/** The error to throw for one that came out of node:sqlite; the transaction it comes from has changed nothing. */
export function translate(error: unknown): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error
  const why = DISK[error.errcode & 0xff]
  if (why === undefined) return error
  return new BerthError('database_unavailable', `the database cannot be used: ${why}`, { cause: error })
}
