/**
 * The secret that the managers of one database share. Kept outside the database, so a stolen copy of the database does
 * not reveal it.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { BerthError, reasonOf } from '../domain/errors.ts'
import { isTrusted } from './file-owner.ts'

const BYTES = 32

/** What to do about a damaged secret. */
const RESTORE = 'restore it from a backup or from another manager, or delete it if there is no copy'

/** Beside the database's file; `berth backup` leaves it out. */
export function secretFileOf(database: string): string {
  return `${database}-secret`
}

/**
 * Returns the secret in this file, which the first manager of the database creates. A lost secret is replaced:
 * passwords that were generated with it cannot be generated again. `invalid_config` when the file cannot be used.
 */
export function openSecret(file: string): Buffer {
  try {
    return readSecret(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unusable(file, error)
  }
  try {
    makeSecret(file, `${randomBytes(BYTES).toString('hex')}\n`)
    return readSecret(file)
  } catch (error) {
    throw unusable(file, error)
  }
}

/**
 * Copies a secret for the copy of its database. Does nothing if there is none. `invalid_config` when the target has
 * another secret.
 */
export function copySecret(from: string, to: string): void {
  if (!existsSync(from)) return
  const secret = openSecret(from)
  try {
    if (!existsSync(to)) makeSecret(to, `${secret.toString('hex')}\n`)
  } catch (error) {
    throw unusable(to, error)
  }
  if (openSecret(to).equals(secret)) return
  const todo = `move ${to} away if no manager uses it any more`
  throw new BerthError('invalid_config', `the secrets in ${from} and ${to} differ; ${todo}, and repeat the command`)
}

/** Makes the file whole or not at all. Where another manager is faster, its secret is used by all of them. */
function makeSecret(file: string, text: string): void {
  const folder = mkdtempSync(join(dirname(file), '.berth-secret-'))
  try {
    const fresh = join(folder, 'secret')
    writeFileSync(fresh, text, { mode: 0o600, flag: 'wx' })
    linkSync(fresh, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readSecret(file: string): Buffer {
  const text = readFileSync(file, 'utf8')
  const { mode, uid } = statSync(file)
  if (!isTrusted(uid)) {
    throw new Error(`it belongs to another user (uid ${uid}): chown it to the manager's user`)
  }
  // A file of root, as Kubernetes mounts a Secret, can only be read through the manager's group.
  const others = uid === process.getuid?.() ? 0o077 : 0o037
  if ((mode & others) !== 0) throw new Error('it is open to others: chmod 600')
  if (!/^[0-9a-f]{64}\n?$/.test(text)) throw new Error(`its content is not a secret that Berth generated: ${RESTORE}`)
  return Buffer.from(text.trim(), 'hex')
}

function unusable(file: string, cause: unknown): BerthError {
  return new BerthError('invalid_config', `the file ${file} cannot be used: ${reasonOf(cause)}`, { cause })
}
