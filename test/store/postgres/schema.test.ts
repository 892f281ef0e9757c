/** The schema on PostgreSQL, which has a first migration of its own, is that of SQLite. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { addressOf, startPostgres } from '../../../lab/postgres/server.ts'
import { POSTGRES_MIGRATIONS } from '../../../src/store/migrate.ts'
import { markOfPostgres } from '../../../src/store/postgres/mark.ts'
import { migratePostgres, openPostgres, pendingPostgres } from '../../../src/store/postgres/open.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())
const folder = mkdtempSync(join(tmpdir(), 'berth-schema-'))
after(() => rmSync(folder, { recursive: true }))

const OWN_TABLES = /^(?:kysely_|sqlite_)/

/** "containers.name text not null" for each column, and "index containers_ready" for each index. */
async function partsOfSqlite(): Promise<string[]> {
  const file = join(folder, 'fresh.db')
  await (await openSqlite(file)).close()
  const database = new DatabaseSync(file, { readOnly: true })
  const columns = database
    .prepare(
      `select t.name || '.' || c.name as name, lower(c.type) as type, c."notnull" or c.pk > 0 as required
       from sqlite_schema t join pragma_table_info(t.name) c where t.type = 'table'`,
    )
    .all()
  const indexes = database.prepare("select name from sqlite_schema where type = 'index' and sql is not null").all()
  database.close()
  return [...columns.map(columnOf), ...indexes.map(({ name }) => `index ${String(name)}`)]
}

async function partsOfPostgres(): Promise<string[]> {
  const url = await server.createDatabase('compared')
  await migratePostgres(addressOf(url))
  const columns = await server.query(
    'compared',
    `select table_name || '.' || column_name as name, data_type as type, is_nullable = 'NO' as required
     from information_schema.columns where table_schema = 'public'`,
  )
  const indexes = await server.query(
    'compared',
    `select i.relname as name from pg_index x join pg_class i on i.oid = x.indexrelid
     where i.relnamespace = 'public'::regnamespace
       and not exists (select from pg_constraint c where c.conindid = i.oid)`,
  )
  return [...columns.map(columnOf), ...indexes.map(({ name }) => `index ${String(name)}`)]
}

/** SQLite has one type for integers of all sizes. */
function columnOf({ name, type, required }: Record<string, unknown>): string {
  const kind = type === 'bigint' ? 'integer' : String(type)
  return `${String(name)} ${kind}${required ? ' not null' : ''}`
}

describe('the schema on PostgreSQL', () => {
  it('has the tables, columns and indexes of SQLite', async () => {
    const [sqlite, postgres] = (await Promise.all([partsOfSqlite(), partsOfPostgres()])).map((parts) =>
      parts.filter((part) => !OWN_TABLES.test(part)).sort(),
    )
    assert.ok(sqlite && sqlite.length > 100)
    assert.deepEqual(postgres, sqlite)
  })

  it('keeps every time in a bigint, and compares all text by bytes', async () => {
    const narrow = await server.query(
      'compared',
      `select column_name as name from information_schema.columns
       where table_schema = 'public' and data_type = 'integer' and column_name ~ '(_at|_ms|_by|_until|^at|^since)$'`,
    )
    assert.deepEqual(narrow, [])
    const collated = await server.query(
      'compared',
      `select attrelid::regclass || '.' || attname as name from pg_attribute a join pg_class c on c.oid = attrelid
       where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname !~ '^kysely_'
         and a.atttypid = 'text'::regtype and a.attcollation != '"C"'::regcollation`,
    )
    assert.deepEqual(collated, [])
  })

  it('is made once when managers start at the same time', async () => {
    const address = addressOf(await server.createDatabase())
    const applied = await Promise.all(Array.from({ length: 3 }, () => migratePostgres(address)))
    assert.deepEqual(applied.flat(), Object.keys(POSTGRES_MIGRATIONS))
    assert.deepEqual(await pendingPostgres(address), [])
  })

  it('of a newer version is refused', async () => {
    const address = addressOf(await server.createDatabase('newer'))
    await migratePostgres(address)
    await server.query('newer', "insert into kysely_migration values ('9999-later', '2999-01-01')")
    const message = 'the database was written by a newer Berth (9999-later); upgrade Berth to use it'
    await assert.rejects(openPostgres(address), { code: 'schema_too_new', message })
  })

  it('can be used by a role that may only read and write rows, beside the tables of another program', async () => {
    const address = addressOf(await server.createDatabase('shared'))
    await server.query('shared', 'create schema other; create table other.kysely_migration (name text)')
    await migratePostgres(address)
    await server.query(
      'shared',
      `create role clerk login; revoke create on schema public from public;
       grant select, insert, update, delete on all tables in schema public to clerk`,
    )
    const clerk = { ...address, user: 'clerk' }
    const store = await openPostgres(clerk, 'here')
    const { file } = await markOfPostgres(clerk, await store.databaseId(), 0)
    assert.match(file, /^postgres:\d+:\d+$/)
    await store.registerManager()
    assert.ok(await store.acquireLeadership(await store.leaderTerm(), 0))
    await store.close()
  })
})
