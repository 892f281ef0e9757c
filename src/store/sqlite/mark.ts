/** Distinguishes the file of a database from other databases, and from copies of it, on this host and on others. */
import { existsSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { DatabaseSync } from 'node:sqlite'
import { hostName, readLine } from '../host-name.ts'
import type { DatabaseMark } from '../../domain/database-mark.ts'

/** Maximum time to wait for a process that writes. */
const BUSY_TIMEOUT_MS = 1_000

/** Returns the mark of the database in this file, which exists. */
export function markOf(file: string, id: string, now: number): DatabaseMark {
  return { id, origin: `${hostName()}:${file}`, file: fileName(file), since: now }
}

/**
 * Whether the database of this identity is certainly gone from its origin: that is on this host, and has no file, or
 * one of another identity. A database that cannot be seen or read counts as existing.
 */
export function isGone(id: string, origin: string): boolean {
  const here = `${hostName()}:`
  if (!origin.startsWith(here)) return false
  const file = origin.slice(here.length)
  if (!existsSync(file)) return true
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
    const row = database.prepare('select id from database_identity').get()
    return row !== undefined && row['id'] !== id
  } catch {
    return false
  } finally {
    database?.close()
  }
}

/** Returns the same name for each path to this file, even from within a container; another one for every copy. */
function fileName(file: string): string {
  const boot = readLine('/proc/sys/kernel/random/boot_id') || hostname().replaceAll(/[^\w.-]/g, '-')
  const { dev, ino } = statSync(file, { bigint: true })
  return `${boot}:${dev}:${ino}`
}
