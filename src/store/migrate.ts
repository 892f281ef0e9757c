/** Brings a database to the schema of this version, or refuses one of a newer version. */
import { type Kysely, type Migration, Migrator } from 'kysely'
import { BerthError } from '../domain/errors.ts'
import * as initial from './sqlite/migrations/0001-initial.ts'
import * as api from './sqlite/migrations/0002-api.ts'
import * as managers from './sqlite/migrations/0003-managers.ts'
import * as indexes from './sqlite/migrations/0004-indexes.ts'
import * as databaseIdentity from './sqlite/migrations/0005-database-identity.ts'
import * as erase from './sqlite/migrations/0006-erase.ts'
import * as changes from './sqlite/migrations/0007-changes.ts'
import * as leadership from './sqlite/migrations/0008-leadership.ts'
import * as names from './sqlite/migrations/0009-names.ts'
import * as addresses from './sqlite/migrations/0010-addresses.ts'
import * as hostPublicKeys from './sqlite/migrations/0011-host-public-keys.ts'
import * as namesAndHolds from './sqlite/migrations/0012-names-and-holds.ts'
import * as sessions from './sqlite/migrations/0013-sessions.ts'
import * as refusals from './sqlite/migrations/0014-refusals.ts'
import * as terminals from './sqlite/migrations/0015-terminals.ts'
import * as renewedManagers from './migrations/0016-managers.ts'
import * as sharedView from './migrations/0017-shared-view.ts'
import * as secretCheck from './migrations/0018-secret-check.ts'
import * as doors from './migrations/0019-doors.ts'
import * as firstSchema from './postgres/first-schema.ts'
import type { Tables } from './sql/schema/tables.ts'

type Migrations = Readonly<Record<string, Migration>>

/** Kysely's own table: the migrations that were applied. */
export type MigrationTable = { kysely_migration: { name: string } }

/** Migrations of every kind of database. Those of its own kind come before them. */
const COMMON: Migrations = {
  '0016-managers': renewedManagers,
  '0017-shared-view': sharedView,
  '0018-secret-check': secretCheck,
  '0019-doors': doors,
}

export const SQLITE_MIGRATIONS: Migrations = {
  '0001-initial': initial,
  '0002-api': api,
  '0003-managers': managers,
  '0004-indexes': indexes,
  '0005-database-identity': databaseIdentity,
  '0006-erase': erase,
  '0007-changes': changes,
  '0008-leadership': leadership,
  '0009-names': names,
  '0010-addresses': addresses,
  '0011-host-public-keys': hostPublicKeys,
  '0012-names-and-holds': namesAndHolds,
  '0013-sessions': sessions,
  '0014-refusals': refusals,
  '0015-terminals': terminals,
  ...COMMON,
}

/** The first migration creates the schema that SQLite's migration of the same number leads to. */
export const POSTGRES_MIGRATIONS: Migrations = {
  '0015-first-schema': firstSchema,
  ...COMMON,
}

/**
 * Returns the names of the migrations that were applied, oldest first. `schema_too_new` when the database has
 * migrations that this version does not know. `schema` is the one in which PostgreSQL creates tables.
 */
export async function migrate(db: Kysely<Tables>, migrations: Migrations, schema?: string): Promise<string[]> {
  const applied = await appliedMigrations(db, schema)
  const unknown = applied.filter((name) => !(name in migrations))
  if (unknown.length > 0) {
    const list = unknown.join(', ')
    throw new BerthError(
      'schema_too_new',
      `the database was written by a newer Berth (${list}); upgrade Berth to use it`,
    )
  }
  // kysely's migrator creates tables, but a database that is up to date must work for a role that may not.
  if (Object.keys(migrations).every((name) => applied.includes(name))) return []
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    ...(schema !== undefined && { migrationTableSchema: schema }),
  })
  const { error, results = [] } = await migrator.migrateToLatest()
  if (error) throw error
  return results.map(({ migrationName }) => migrationName)
}

/** Returns the names of the migrations that this version would apply. */
export async function pendingMigrations(
  db: Kysely<Tables>,
  migrations: Migrations,
  schema?: string,
): Promise<string[]> {
  const applied = await appliedMigrations(db, schema)
  return Object.keys(migrations).filter((name) => !applied.includes(name))
}

async function appliedMigrations(db: Kysely<Tables>, schema: string | undefined): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === 'kysely_migration' && table.schema === schema)) return []
  return readApplied(db)
}

async function readApplied(db: Kysely<Tables>): Promise<string[]> {
  const rows = await db.withTables<MigrationTable>().selectFrom('kysely_migration').select('name').execute()
  return rows.map((row) => row.name)
}
