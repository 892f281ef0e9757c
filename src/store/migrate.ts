/** Brings a database to the schema of this version, or refuses one of a newer version. */
import { type Kysely, type Migration, Migrator } from 'kysely'
import { BerthError } from '../core/errors.ts'
import * as initial from './migrations/0001-initial.ts'
import * as api from './migrations/0002-api.ts'
import * as managers from './migrations/0003-managers.ts'
import * as indexes from './migrations/0004-indexes.ts'
import type { Tables } from './tables.ts'

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-initial': initial,
  '0002-api': api,
  '0003-managers': managers,
  '0004-indexes': indexes,
}

/** Gives what was applied, oldest first. `schema_too_new` when the database has migrations that this version does not know. */
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
