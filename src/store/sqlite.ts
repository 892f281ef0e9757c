/** The database in a SQLite file. */
import type { Store } from '../core/store.ts'
import { migrate, pendingMigrations } from './migrate.ts'
import { createSqlStore } from './sql-store.ts'
import { connectSqlite } from './sqlite-driver.ts'
import { openSnapshots } from './sqlite-snapshots.ts'

/**
 * Opens, and migrates, the database in this file; ":memory:" lives as long as the store. `manager` is the name under which
 * it prepares and leads: no two that run have the same. `invalid_config`, `schema_too_new`.
 */
export async function openSqlite(file: string, manager = 'berth'): Promise<Store> {
  const { db, database } = connectSqlite(file)
  try {
    await migrate(db)
    return createSqlStore(db, openSnapshots(database), manager)
  } catch (error) {
    await db.destroy()
    throw error
  }
}

/** Brings the database in this file up to date, and gives the names of the migrations that were applied. */
export async function migrateSqlite(file: string): Promise<string[]> {
  const { db } = connectSqlite(file)
  try {
    return await migrate(db)
  } finally {
    await db.destroy()
  }
}

/** What `migrateSqlite` would apply. */
export async function pendingSqlite(file: string): Promise<string[]> {
  const { db } = connectSqlite(file)
  try {
    return await pendingMigrations(db)
  } finally {
    await db.destroy()
  }
}
