/** The database in a SQLite file. */
import type { Store } from '../../ports/store.ts'
import { migrate, pendingMigrations, SQLITE_MIGRATIONS } from '../migrate.ts'
import { createSqlStore } from '../sql/store.ts'
import { connectSqlite } from './driver.ts'

/**
 * Opens and migrates the database in this file; ":memory:" lives as long as the store. `address` is where the manager
 * that uses the store serves; empty for a program other than a manager. `invalid_config`, `schema_too_new`.
 */
export async function openSqlite(file: string, address = ''): Promise<Store> {
  const { db } = connectSqlite(file)
  try {
    await migrate(db, SQLITE_MIGRATIONS)
    return createSqlStore(db, address)
  } catch (error) {
    await db.destroy()
    throw error
  }
}

/** Brings the database in this file up to date. Returns the names of the migrations that were applied. */
export async function migrateSqlite(file: string): Promise<string[]> {
  const { db } = connectSqlite(file)
  try {
    return await migrate(db, SQLITE_MIGRATIONS)
  } finally {
    await db.destroy()
  }
}

/** Returns what `migrateSqlite` would apply. */
export async function pendingSqlite(file: string): Promise<string[]> {
  const { db } = connectSqlite(file)
  try {
    return await pendingMigrations(db, SQLITE_MIGRATIONS)
  } finally {
    await db.destroy()
  }
}
