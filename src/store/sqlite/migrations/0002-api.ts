/** Owners, the queue, tokens, events, keys of repeated requests, and pool sizes that were changed while running. */
import { type Kysely, sql } from 'kysely'

/** What 0001 knew of a table, to be copied into its successor. */
const CONTAINERS = sql.raw(
  'name, pool, number, port, state, since, generation, engine_id, host_key, attempts, retry_at, error',
)
const RESERVATIONS = sql.raw(
  'id, pool, username, password_hash, ssh_keys, state, created_at, duration_ms, prepare_by, active_at, expires_at, ' +
    'keepalive_ms, alive_until, ended_at, outcome, note',
)

/**
 * SQLite cannot change a check constraint, so tables with new states are recreated. The holds refer to reservations:
 * they are set aside first, so that no row ever refers to a table that is gone.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await renewContainers(db)
  await sql`create table old_holds as select * from holds`.execute(db)
  await db.schema.dropTable('holds').execute()
  await renewReservations(db)
  await createHolds(db)
  await sql`insert into holds select * from old_holds`.execute(db)
  await db.schema.dropTable('old_holds').execute()
  await createTokens(db)
  await createEvents(db)
  await createRequests(db)
  await db.schema
    .createTable('pool_sizes')
    .addColumn('pool', 'text', (c) => c.primaryKey())
    .addColumn('size', 'integer', (c) => c.notNull())
    .execute()
}

async function renewContainers(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('new_containers')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('pool', 'text', (c) => c.notNull())
    .addColumn('number', 'integer', (c) => c.notNull())
    .addColumn('port', 'integer', (c) => c.notNull())
    .addColumn('state', 'text', (c) =>
      c.notNull().check(sql`state in ('creating', 'ready', 'reserved', 'removing', 'broken', 'quarantined')`),
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
  await sql`insert into new_containers (${CONTAINERS}) select ${CONTAINERS} from containers`.execute(db)
  await db.schema.dropTable('containers').execute()
  await db.schema.alterTable('new_containers').renameTo('containers').execute()
  await db.schema
    .createIndex('containers_ready')
    .on('containers')
    .columns(['pool', 'number'])
    .where(sql.ref('state'), '=', sql.lit('ready'))
    .execute()
}

async function renewReservations(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('new_reservations')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('pool', 'text', (c) => c.notNull())
    .addColumn('owner', 'text', (c) => c.notNull())
    .addColumn('username', 'text', (c) => c.notNull())
    .addColumn('password_hash', 'text')
    .addColumn('ssh_keys', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) =>
      c.notNull().check(sql`state in ('waiting', 'preparing', 'active', 'ending', 'ended')`),
    )
    .addColumn('count', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('duration_ms', 'bigint', (c) => c.notNull())
    .addColumn('prepare_by', 'bigint', (c) => c.notNull())
    .addColumn('promised', 'integer', (c) => c.notNull())
    .addColumn('wait_until', 'bigint')
    .addColumn('turn', 'bigint')
    .addColumn('active_at', 'bigint')
    .addColumn('expires_at', 'bigint')
    .addColumn('keepalive_ms', 'bigint')
    .addColumn('alive_until', 'bigint')
    .addColumn('told_end', 'bigint')
    .addColumn('told_left', 'bigint')
    .addColumn('ended_at', 'bigint')
    .addColumn('outcome', 'text', (c) =>
      c.check(sql`outcome in ('released', 'expired', 'abandoned', 'failed', 'cancelled')`),
    )
    .addColumn('reason', 'text')
    .addColumn('note', 'text')
    .execute()
  // Before there were identities, every owner was "anyone".
  await sql`
    insert into new_reservations (${RESERVATIONS}, owner, count, promised, told_end)
    select ${RESERVATIONS}, 'anyone',
      (select count(*) from old_holds where old_holds.reservation_id = reservations.id), 0, expires_at
    from reservations`.execute(db)
  await db.schema.dropTable('reservations').execute()
  await db.schema.alterTable('new_reservations').renameTo('reservations').execute()
  await db.schema
    .createIndex('reservations_open')
    .on('reservations')
    .columns(['created_at', 'id'])
    .where(sql.ref('state'), '!=', sql.lit('ended'))
    .execute()
  await db.schema
    .createIndex('reservations_waiting')
    .on('reservations')
    .columns(['pool', 'turn'])
    .where(sql.ref('state'), '=', sql.lit('waiting'))
    .execute()
  // Lists, newest first.
  await db.schema.createIndex('reservations_newest').on('reservations').columns(['created_at', 'id']).execute()
}

async function createHolds(db: Kysely<unknown>): Promise<void> {
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
}

async function createTokens(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('tokens')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull().check(sql`role in ('admin', 'user')`))
    .addColumn('hash', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('limits', 'text', (c) => c.notNull())
    .execute()
}

async function createEvents(db: Kysely<unknown>): Promise<void> {
  // Autoincrement: a number is never given twice, even when the last events were pruned.
  await db.schema
    .createTable('events')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('by', 'text', (c) => c.notNull())
    .addColumn('pool', 'text')
    .addColumn('container', 'text')
    .addColumn('generation', 'integer')
    .addColumn('reservation', 'text')
    .addColumn('owner', 'text')
    .addColumn('username', 'text')
    .addColumn('detail', 'text')
    .execute()
  await db.schema.createIndex('events_owner').on('events').columns(['owner', 'id']).execute()
  await db.schema.createIndex('events_reservation').on('events').columns(['reservation', 'id']).execute()
}

async function createRequests(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('requests')
    .addColumn('owner', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .addColumn('salt', 'text', (c) => c.notNull())
    .addColumn('reservation_id', 'text', (c) => c.notNull().references('reservations.id'))
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('requests_pk', ['owner', 'key'])
    .execute()
  await db.schema.createIndex('requests_age').on('requests').column('created_at').execute()
}
