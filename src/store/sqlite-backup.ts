/** A copy of a SQLite database, made while it is in use. */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { backup, DatabaseSync } from 'node:sqlite'
import { BerthError, reasonOf } from '../core/errors.ts'
import { BERTH } from '../core/identity.ts'

/** How long to wait for another process that writes, in milliseconds. */
const BUSY_TIMEOUT = 5_000
const COPIED = 'this is a copy of the database: who has had it since is not known'

/**
 * Copies the database in this file as it is at one moment, also while a manager writes to it. The copy is whole, or not
 * there at all; what is there already stays. Whoever goes on from it recycles what nobody held. `invalid_config`.
 */
export async function backupSqlite(file: string, copy: string, now: number): Promise<void> {
  if (!existsSync(file)) throw new BerthError('invalid_config', `there is no database ${file}`)
  if (existsSync(copy)) throw new BerthError('invalid_config', `${copy} exists already; name a new file`)
  const unfinished = `${copy}.unfinished`
  const source = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT })
  try {
    // It holds password hashes.
    writeFileSync(unfinished, '', { mode: 0o600 })
    // All pages at once: in steps, it would begin anew whenever the manager has written.
    await backup(source, unfinished, { rate: 2 ** 31 - 1 })
    distrust(unfinished, now)
    renameSync(unfinished, copy)
  } catch (cause) {
    throw new BerthError('invalid_config', `${copy} cannot be written: ${reasonOf(cause)}`, { cause })
  } finally {
    source.close()
    rmSync(unfinished, { force: true })
  }
}

/**
 * What nobody holds in a copy may be somebody's by the time it is used, and be lent again with them in it: the same container,
 * of the same generation. So it is to be recycled. What is held then is known by its reservation.
 */
function distrust(copy: string, now: number): void {
  const database = new DatabaseSync(copy)
  try {
    const free = "state IN ('creating', 'ready')"
    const has = (table: string) =>
      database.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(table) !== undefined
    // One file, without what SQLite would put beside it.
    database.exec('PRAGMA journal_mode = DELETE; BEGIN')
    if (has('events')) {
      const rows = `SELECT ?, 'container.removing', ?, pool, name, generation, ? FROM containers WHERE ${free}`
      const event = database.prepare(`INSERT INTO events (at, kind, "by", pool, container, generation, detail) ${rows}`)
      event.run(now, BERTH, COPIED)
    }
    if (has('containers')) {
      const update = `UPDATE containers SET state = 'removing', since = ?, retry_at = 0, error = ? WHERE ${free}`
      database.prepare(update).run(now, COPIED)
    }
    database.exec('COMMIT')
  } finally {
    database.close()
  }
}
