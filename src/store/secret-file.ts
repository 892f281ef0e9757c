/**
 * The secret that the managers of one database share. Kept outside the database, so a stolen copy of the database does
 * not reveal it.
 */
import { randomBytes } from 'node:crypto'
import { linkSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { BerthError, reasonOf } from '../domain/errors.ts'
import { isTrusted } from './file-owner.ts'

const BYTES = 32

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
    makeSecret(file)
    return readSecret(file)
  } catch (error) {
    throw unusable(file, error)
  }
}

/** Makes the file whole or not at all. Where another manager is faster, its secret is used by all of them. */
function makeSecret(file: string): void {
  const folder = mkdtempSync(join(dirname(file), '.berth-secret-'))
  try {
    const fresh = join(folder, 'secret')
    writeFileSync(fresh, `${randomBytes(BYTES).toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
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
    throw new Error(`it belongs to another user (uid ${uid}): delete it, or chown it to the manager's user`)
  }
  if ((mode & 0o077) !== 0) throw new Error('it is open to others: chmod 600, or delete it')
  if (!/^[0-9a-f]{64}\n$/.test(text)) throw new Error('its content is not a secret that Berth generated: delete it')
  return Buffer.from(text.trim(), 'hex')
}

function unusable(file: string, cause: unknown): BerthError {
  return new BerthError('invalid_config', `the file ${file} cannot be used: ${reasonOf(cause)}`, { cause })
}
