/** Translates PostgreSQL's errors. Trouble with the server or the network is temporary, and is not a bug. */
import pg from 'pg'
import { BerthError, reasonOf } from '../../domain/errors.ts'
import { Conflict } from '../sql/transactions.ts'

/**
 * Classes of SQLSTATE that do not concern our statements: connection (08), authentication (28), database name (3D),
 * resources (53), operator (57), operating system (58), and the server itself (XX).
 */
const TROUBLE = new Set(['08', '28', '3D', '53', '57', '58', 'XX'])

export const READ_ONLY = 'it is read-only: is it a standby server?'

/** What happened, for codes of these classes and others that are also temporary. */
const REASONS: Readonly<Record<string, string>> = {
  '25006': READ_ONLY,
  '25P03': 'this process was too slow, and the server ended its transaction',
  '25P04': 'a transaction took too long, and the server ended it',
  '40001': 'other writers keep changing the same rows',
  '40P01': 'another program locks the same rows',
  '53100': "the server's disk is full",
  '53300': 'the server accepts no more connections; see its max_connections',
  '55P03': 'another program has locked it for too long; see pg_locks and pg_stat_activity',
  '57014': 'a statement took too long',
}

/** Part of the driver's message when the server asks for a password and none was found. */
const NO_PASSWORD = 'client password must be a'
const PASSWORD_HINT = 'put it into the file of postgres.password_file, or into ~/.pgpass: docs/guides/postgresql.md'

/** SQLSTATE insufficient_privilege. The server's message names the table or schema. */
const DENIED = '42501'
const DENIED_HINT = [
  'the role must own the database to create or upgrade its tables, and needs select, insert, update and delete in all',
  'of them otherwise: docs/guides/postgresql.md',
].join(' ')

/** Returns whether the connection cannot be used any more. Other errors are the server's answer to a statement. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return true
  const code = error.code ?? ''
  return code.startsWith('08') || code.startsWith('57P') || code === '25P03' || code === '25P04'
}

/**
 * Whether a prepared statement was refused because its table has got another column since: a newer version of Berth has
 * migrated the database. It was not run. Other errors with this code come from elsewhere in the server.
 */
export function isStalePlan(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '0A000' && error.routine === 'RevalidateCachedQuery'
}

/** Returns the error to throw for one of the driver's. The transaction in which it occurred has changed nothing. */
export function translate(error: unknown): unknown {
  if (error instanceof BerthError) return error
  if (!(error instanceof pg.DatabaseError)) {
    return reasonOf(error).includes(NO_PASSWORD)
      ? invalidDatabase('it needs a password', PASSWORD_HINT)
      : unavailable(error)
  }
  if (isStalePlan(error)) return new Conflict('a newer version of Berth keeps changing its tables', { cause: error })
  const { code = '' } = error
  if (code === DENIED) return unavailable(error, `${reasonOf(error)}; ${DENIED_HINT}`)
  const reason = REASONS[code]
  if (reason === undefined && !TROUBLE.has(code.slice(0, 2))) return error
  return unavailable(error, reason)
}

/** Returns `database_unavailable` with this reason, or the error's own. */
export function unavailable(cause: unknown, reason = reasonOf(cause)): BerthError {
  return new BerthError('database_unavailable', `the database cannot be used: ${reason}`, { cause })
}

/** Returns the error for settings with which the database cannot be used. */
export function invalidDatabase(what: string, hint: string): BerthError {
  return new BerthError('invalid_config', `the database cannot be used: ${what}; ${hint}`)
}
