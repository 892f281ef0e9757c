/** The only file that knows which stores there are. */
import { existsSync } from 'node:fs'
import type { Database } from '../ports/database.ts'
import { hostName } from './host-name.ts'
import { backupSqlite } from './sqlite/backup.ts'
import { freeSpaceOf } from './sqlite/free-space.ts'
import { isGone, markOf } from './sqlite/mark.ts'
import { migrateSqlite, openSqlite, pendingSqlite } from './sqlite/open.ts'
import { openSecret } from './sqlite/secret-file.ts'

export interface StoreConfig {
  /** A file of SQLite's. */
  readonly database: string
  /** Where the manager serves. */
  readonly listen: { readonly host: string; readonly port: number }
}

/** Returns the database of this configuration; its `open` opens the store. */
export function databaseOf({ database: file, listen: { host, port } }: StoreConfig): Database {
  return {
    name: file,
    exists: async () => existsSync(file),
    // A port of a machine belongs to one process: the next manager there knows that the one before has died.
    open: () => openSqlite(file, `${hostName()}:${host}:${port}`),
    migrate: () => migrateSqlite(file),
    pendingMigrations: () => pendingSqlite(file),
    backup: (copy) => backupSqlite(file, copy),
    freeSpace: () => freeSpaceOf(file),
    mark: (id, now) => markOf(file, id, now),
    isGone,
    secret: () => openSecret(file),
  }
}
