/** Brings a database to the schema of this version, or refuses one of a newer version. */
import { type Kysely, type Migration, Migrator } from 'kysely'
import { BerthError } from '../domain/errors.ts'
import * as initial from './migrations/0001-initial.ts'
import * as api from './migrations/0002-api.ts'
import * as managers from './migrations/0003-managers.ts'
import * as indexes from './migrations/0004-indexes.ts'
import * as databaseIdentity from './migrations/0005-database-identity.ts'
import * as erase from './migrations/0006-erase.ts'
import * as changes from './migrations/0007-changes.ts'
import * as leadership from './migrations/0008-leadership.ts'
import * as names from './migrations/0009-names.ts'
import * as addresses from './migrations/0010-addresses.ts'
import * as hostPublicKeys from './migrations/0011-host-public-keys.ts'
import * as namesAndHolds from './migrations/0012-names-and-holds.ts'
import * as sessions from './migrations/0013-sessions.ts'
import * as refusals from './migrations/0014-refusals.ts'
import * as terminals from './migrations/0015-terminals.ts'
import type { Tables } from './sql/schema/tables.ts'

const MIGRATIONS: Readonly<Record<string, Migration>> = {
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
}

/**
 * Returns the names of the migrations that were applied, oldest first. `schema_too_new` when the database has
 * migrations that this version does not know.
 */
export async function migrate(db: Kysely<Tables>): Promise<string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } })
  const unknown = (await appliedMigrations(db)).filter((name) => !(name in MIGRATIONS))
  if (unknown.length > 0) {
    const list = unknown.join(', ')
    throw new BerthError(
      'schema_too_new',
      `the database was written by a newer Berth (${list}); upgrade Berth to use it`,
    )
  }
  const { error, results = [] } = await migrator.migrateToLatest()
  if (error) throw error
  return results.map(({ migrationName }) => migrationName)
}

/** Those that this version would apply. */
export async function pendingMigrations(db: Kysely<Tables>): Promise<string[]> {
  const applied = await appliedMigrations(db)
  return Object.keys(MIGRATIONS).filter((name) => !applied.includes(name))
}

async function appliedMigrations(db: Kysely<Tables>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === 'kysely_migration')) return []
  const rows = await db
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom('kysely_migration')
    .select('name')
    .execute()
  return rows.map((row) => row.name)
}
