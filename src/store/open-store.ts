/** The only file that knows which stores there are. */
import { existsSync } from 'node:fs'
import type { Clock } from '../ports/clock.ts'
import type { Database } from '../ports/database.ts'
import { BerthError } from '../domain/errors.ts'
import { continueSequences, copyRows } from './copy.ts'
import { hostName } from './host-name.ts'
import type { PostgresAddress } from './postgres/address.ts'
import { connectPostgres } from './postgres/driver.ts'
import { refuseBackup } from './postgres/backup.ts'
import { markOfPostgres } from './postgres/mark.ts'
import { existsPostgres, migratePostgres, openPostgres, pendingPostgres } from './postgres/open.ts'
import { backupSqlite } from './sqlite/backup.ts'
import { connectSqlite } from './sqlite/driver.ts'
import { freeSpaceOf } from './sqlite/free-space.ts'
import { isGone, markOf } from './sqlite/mark.ts'
import { migrateSqlite, openSqlite, pendingSqlite } from './sqlite/open.ts'
import { copySecret, openSecret, secretFileOf } from './secret-file.ts'
import { openSharedSecret } from './shared-secret.ts'

export interface StoreConfig {
  /** The SQLite file, or the URL of the database on a server, as shown to people. */
  readonly database: string
  readonly postgres: (PostgresAddress & { readonly secretFile: string }) | null
  /** Where the manager serves. */
  readonly listen: { readonly host: string; readonly port: number }
}

/** Returns the database of this configuration; its `open` opens the store. */
export function databaseOf({ database, postgres, listen: { host, port } }: StoreConfig): Database {
  // A port of a machine belongs to one process: the next manager there knows that the one before has died.
  const manager = `${hostName()}:${host}:${port}`
  return postgres ? onServer(postgres, database, manager) : inFile(database, manager)
}

function inFile(file: string, manager: string): Database {
  return {
    name: file,
    exists: async () => existsSync(file),
    open: () => openSqlite(file, manager),
    migrate: () => migrateSqlite(file),
    pendingMigrations: () => pendingSqlite(file),
    backup: (copy) => backupSqlite(file, copy),
    freeSpace: () => freeSpaceOf(file),
    mark: async (id, now) => markOf(file, id, now),
    isGone,
    secret: async () => openSecret(secretFileOf(file)),
  }
}

function onServer(
  { secretFile, ...address }: PostgresAddress & { readonly secretFile: string },
  name: string,
  manager: string,
): Database {
  return {
    name,
    exists: () => existsPostgres(address),
    open: () => openPostgres(address, manager),
    migrate: () => migratePostgres(address),
    pendingMigrations: () => pendingPostgres(address),
    backup: async () => refuseBackup(name),
    freeSpace: async () => null,
    mark: (id, now) => markOfPostgres(address, id, now),
    // Whether a database on a server is gone cannot be determined; whether a file of this host is, can.
    isGone,
    secret: (store) => openSharedSecret(secretFile, name, store),
  }
}

/**
 * Copies the contents of a database, and its secret, into an empty one, which is migrated first. Returns the number of
 * rows of each table. `conflict` while a manager of either is alive; `invalid_config`, `database_unavailable`.
 */
export async function copyDatabase(
  from: StoreConfig,
  to: StoreConfig,
  clock: Clock,
): Promise<ReadonlyMap<string, number>> {
  const [source, target] = [databaseOf(from), databaseOf(to)]
  if (source.name === target.name)
    throw new BerthError('invalid_config', `source and target are the same database, ${source.name}`)
  if (!(await source.exists())) throw new BerthError('invalid_config', `there is no database ${source.name}`)
  for (const each of [from, to]) await assertNoManager(each, clock)
  copySecret(secretFileFor(from), secretFileFor(to))
  const [rows, copy] = [connectTo(from), connectTo(to)]
  try {
    return await copyRows(rows, copy, to.postgres ? continueSequences : async () => {})
  } finally {
    await Promise.all([rows.destroy(), copy.destroy()])
  }
}

/** A manager that continued with the other database would end or lend the same containers. */
async function assertNoManager({ database, postgres }: StoreConfig, clock: Clock): Promise<void> {
  const store = await (postgres ? openPostgres(postgres) : openSqlite(database))
  try {
    const now = (await store.databaseTime()) ?? clock()
    const alive = (await store.managers()).find(({ until }) => until > now)
    if (!alive) return
    const waitS = Math.ceil((alive.until - now) / 1_000)
    throw new BerthError(
      'conflict',
      `a manager of ${database} serves at ${alive.address}; stop it first, or wait ${waitS} s if it was killed`,
    )
  } finally {
    await store.close()
  }
}

function secretFileFor({ database, postgres }: StoreConfig): string {
  return postgres ? postgres.secretFile : secretFileOf(database)
}

function connectTo({ database, postgres }: StoreConfig) {
  return postgres ? connectPostgres(postgres) : connectSqlite(database).db
}
