/** A copy of a SQLite database, made while it is in use. */
import { existsSync, linkSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { BerthError, reasonOf } from '../../domain/errors.ts'

/** Maximum time to wait for another process that writes. */
const BUSY_TIMEOUT_MS = 5_000

/**
 * Copies the database in this file as it is at one moment, even while a manager writes to it. The copy is whole, or not
 * there at all; an existing file stays. The copy bears the identity of the original, and
 * a manager that goes on from it learns from the engine's ledger what was lent since. `invalid_config`.
 */
export async function backupSqlite(file: string, copy: string): Promise<void> {
  if (!existsSync(file)) throw new BerthError('invalid_config', `there is no database ${file}`)
  if (existsSync(copy)) throw new BerthError('invalid_config', `${copy} exists already; name a new file`)
  // In a private folder: in a shared one, other users could put a file or a link in its place.
  const folder = privateFolder(copy)
  const unfinished = join(folder, 'unfinished.db')
  const source = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
  try {
    // It holds password hashes.
    writeFileSync(unfinished, '', { mode: 0o600, flag: 'wx' })
    // All pages at once: in steps, it would start over whenever the manager has written.
    await backup(source, unfinished, { rate: 2 ** 31 - 1 })
    settle(unfinished)
    publish(unfinished, copy)
  } catch (cause) {
    throw new BerthError('invalid_config', `${copy} cannot be written: ${reasonOf(cause)}`, { cause })
  } finally {
    source.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function privateFolder(copy: string): string {
  try {
    return mkdtempSync(join(dirname(copy), '.berth-backup-'))
  } catch (cause) {
    throw new BerthError('invalid_config', `${copy} cannot be written: ${reasonOf(cause)}`, { cause })
  }
}

/** Never replaces a file or a link that has appeared in the meantime. */
function publish(unfinished: string, copy: string): void {
  try {
    linkSync(unfinished, copy)
  } catch (error) {
    // File systems without hard links.
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' || existsSync(copy)) throw error
    renameSync(unfinished, copy)
  }
}

/** Makes it one file, without the files that SQLite puts beside it. */
function settle(copy: string): void {
  const database = new DatabaseSync(copy)
  try {
    database.exec('PRAGMA journal_mode = DELETE')
  } finally {
    database.close()
  }
}
