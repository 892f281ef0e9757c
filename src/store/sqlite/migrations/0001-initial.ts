import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('containers')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('pool', 'text', (c) => c.notNull())
    .addColumn('number', 'integer', (c) => c.notNull())
    .addColumn('port', 'integer', (c) => c.notNull())
    .addColumn('state', 'text', (c) =>
      c.notNull().check(sql`state in ('creating', 'ready', 'reserved', 'removing', 'broken')`),
    )
    .addColumn('since', 'bigint', (c) => c.notNull())
    .addColumn('generation', 'integer', (c) => c.notNull())
    .addColumn('engine_id', 'text')
    .addColumn('host_key', 'text')
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('retry_at', 'bigint', (c) => c.notNull())
    .addColumn('error', 'text')
    .addUniqueConstraint('containers_place', ['pool', 'number'])
    .execute()
  // The claim: the lowest ready numbers of one pool, however many containers there are.
  await db.schema
    .createIndex('containers_ready')
    .on('containers')
    .columns(['pool', 'number'])
    .where(sql.ref('state'), '=', sql.lit('ready'))
    .execute()

  await db.schema
    .createTable('reservations')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('pool', 'text', (c) => c.notNull())
    .addColumn('username', 'text', (c) => c.notNull())
    .addColumn('password_hash', 'text')
    .addColumn('ssh_keys', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull().check(sql`state in ('preparing', 'active', 'ending', 'ended')`))
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('duration_ms', 'bigint', (c) => c.notNull())
    .addColumn('prepare_by', 'bigint', (c) => c.notNull())
    .addColumn('active_at', 'bigint')
    .addColumn('expires_at', 'bigint')
    .addColumn('keepalive_ms', 'bigint')
    .addColumn('alive_until', 'bigint')
    .addColumn('ended_at', 'bigint')
    .addColumn('outcome', 'text', (c) => c.check(sql`outcome in ('released', 'expired', 'abandoned', 'failed')`))
    .addColumn('note', 'text')
    .execute()
  await db.schema
    .createIndex('reservations_open')
    .on('reservations')
    .columns(['created_at', 'id'])
    .where(sql.ref('state'), '!=', sql.lit('ended'))
    .execute()

  // Lists, newest first.
  await db.schema.createIndex('reservations_newest').on('reservations').columns(['created_at', 'id']).execute()

  await db.schema
    .createTable('holds')
    .addColumn('reservation_id', 'text', (c) => c.notNull().references('reservations.id'))
    .addColumn('container', 'text', (c) => c.notNull())
    .addColumn('opened', 'integer')
    .addColumn('open', 'integer', (c) => c.check(sql`open = 1`))
    .addPrimaryKeyConstraint('holds_pk', ['reservation_id', 'container'])
    .execute()
  // The last guard against double assignment, whatever the code above it does.
  await db.schema
    .createIndex('holds_one_per_container')
    .unique()
    .on('holds')
    .column('container')
    .where(sql.ref('open'), '=', sql.lit(1))
    .execute()

  await db.schema
    .createTable('pool_facts')
    .addColumn('pool', 'text', (c) => c.primaryKey())
    .addColumn('os', 'text', (c) => c.notNull())
    .addColumn('names', 'text', (c) => c.notNull())
    .execute()
}
