/** The store in a PostgreSQL database. */
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresDialect,
  type PostgresDialectConfig,
  PostgresDriver,
  sql,
  type TransactionSettings,
} from 'kysely'
import pg from 'pg'
import type { Store } from '../../ports/store.ts'
import { migrate, pendingMigrations, POSTGRES_MIGRATIONS } from '../migrate.ts'
import { revisionReader } from '../sql/snapshots.ts'
import { createSqlStore } from '../sql/store.ts'
import { openTransactions } from '../sql/transactions.ts'
import type { Tables } from '../sql/schema/tables.ts'
import { clientConfig } from './connections.ts'
import { connectPostgres } from './driver.ts'
import { invalidDatabase, translate, unavailable } from './errors.ts'
import { Follower } from './follower.ts'
import type { PostgresAddress } from './address.ts'
import { CHANNEL, WRITE_LOCK } from './writing/write-lock.ts'

/** Maximum time that a migration waits for writers, or for the migration of another manager. */
const MIGRATION_LOCK_TIMEOUT_MS = 60_000

/**
 * Opens and migrates this database. `manager` is where the manager that uses the store serves. It is empty for other
 * programs, which are notified of their own writes only. `database_unavailable`, `invalid_config`, `schema_too_new`.
 */
export async function openPostgres(address: PostgresAddress, manager = ''): Promise<Store> {
  await migratePostgres(address)
  const db = connectPostgres(address)
  try {
    const transactions = openTransactions(db, true)
    const follower = manager === '' ? null : await follow(db, address, transactions.announce)
    const store = createSqlStore(db, manager, transactions)
    async function close(): Promise<void> {
      await follower?.close()
      await store.close()
    }
    return { ...store, databaseTime: () => readTime(db), close }
  } catch (error) {
    await db.destroy()
    throw translate(error)
  }
}

async function readTime(db: Kysely<Tables>): Promise<number> {
  const query = sql<{ ms: number }>`select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`
  const { rows } = await query.execute(db)
  if (rows[0]) return rows[0].ms
  throw unavailable(null, 'the server returned no time')
}

async function follow(db: Kysely<Tables>, address: PostgresAddress, onChange: () => void): Promise<Follower> {
  const follower = new Follower({
    address,
    onChange,
    revision: revisionReader(db),
    notify: async () => void (await sql`select pg_notify(${CHANNEL}, '')`.execute(db)),
  })
  await follower.start()
  return follower
}

/** Brings the database up to date. Returns the names of the migrations that were applied. */
export async function migratePostgres(address: PostgresAddress): Promise<string[]> {
  return withPlainConnection(address, (db, schema) => migrate(db, POSTGRES_MIGRATIONS, schema))
}

/** Returns what `migratePostgres` would apply. */
export async function pendingPostgres(address: PostgresAddress): Promise<string[]> {
  return withPlainConnection(address, (db, schema) => pendingMigrations(db, POSTGRES_MIGRATIONS, schema))
}

/** Returns whether a store was opened in this database before. */
export async function existsPostgres(address: PostgresAddress): Promise<boolean> {
  return (await pendingPostgres(address)).length < Object.keys(POSTGRES_MIGRATIONS).length
}

/** Runs `work` without the time limits of a store: a migration may take long. */
async function withPlainConnection<T>(
  address: PostgresAddress,
  work: (db: Kysely<Tables>, schema: string) => Promise<T>,
): Promise<T> {
  const pool = new pg.Pool({ ...clientConfig(address), query_timeout: undefined, max: 2 })
  pool.on('error', () => {})
  const db = new Kysely<Tables>({ dialect: new Dialect({ pool }) })
  try {
    return await work(db, await currentSchema(db))
  } catch (error) {
    throw translate(error)
  } finally {
    await db.destroy()
  }
}

/** Returns the schema in which tables are created. Other schemas may belong to other programs. */
async function currentSchema(db: Kysely<Tables>): Promise<string> {
  const { rows } = await sql<{ schema: string | null }>`select current_schema() as schema`.execute(db)
  const schema = rows[0]?.schema
  if (schema) return schema
  throw invalidDatabase(
    'the role can use none of its schemas',
    'create one and name it: alter role … set search_path = …',
  )
}

class Dialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig

  constructor(config: PostgresDialectConfig) {
    super(config)
    this.#config = config
  }

  override createAdapter(): PostgresAdapter {
    return new Adapter()
  }

  override createDriver(): Driver {
    return new LockingDriver(this.#config)
  }
}

/** Omits kysely's lock: it belongs to a connection, which a pooler may use for other clients. */
class Adapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

/** Holds the write lock during migrations: one manager migrates at a time, and no manager writes meanwhile. */
class LockingDriver extends PostgresDriver {
  override async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    await super.beginTransaction(connection, settings)
    await connection.executeQuery(CompiledQuery.raw(`set local lock_timeout = ${MIGRATION_LOCK_TIMEOUT_MS}`))
    await connection.executeQuery(CompiledQuery.raw(`select pg_advisory_xact_lock(${WRITE_LOCK})`))
  }
}
