/** Copies the contents of a database into an empty one, of the same kind or of another. */
import { isDeepStrictEqual } from 'node:util'
import { type Kysely, sql, type Transaction } from 'kysely'
import { BerthError } from '../domain/errors.ts'
import type { Tables } from './sql/schema/tables.ts'

/** Number of rows that are copied and compared at once. */
const PAGE_SIZE = 500

/**
 * Tables with the columns of their primary keys. Each table comes after those that it references. `changes` is omitted,
 * because the triggers of the copy record the inserted rows; so are tables whose rows are valid for a minute at most.
 */
const TABLES: Readonly<
  Record<Exclude<keyof Tables, 'changes' | 'tickets' | 'request_counts' | 'gateways'>, readonly [string, ...string[]]>
> = {
  containers: ['name'],
  reservations: ['id'],
  holds: ['reservation_id', 'container'],
  requests: ['owner', 'key'],
  events: ['id'],
  pool_facts: ['pool'],
  pool_sizes: ['pool'],
  refusals: ['at', 'pool', 'code'],
  tokens: ['id'],
  sessions: ['id'],
  terminals: ['id'],
  leaders: ['work'],
  managers: ['name'],
  database_identity: ['one'],
}

/** Tables that have rows in a new database. */
const SEEDED = ['leaders', 'database_identity'] as const

type Row = Readonly<Record<string, unknown>>

/**
 * Copies all rows, or none: each row is read again from the copy and compared. Returns the number of rows of each
 * table. No writer changes `from` meanwhile. Afterwards only one of the two may be served. `continueNumbers` makes the
 * copy number its next event after the last one. `invalid_config` when `to` has been used.
 */
export async function copyRows(
  from: Kysely<Tables>,
  to: Kysely<Tables>,
  continueNumbers: (target: Transaction<Tables>) => Promise<void>,
): Promise<ReadonlyMap<string, number>> {
  // A writing transaction also for `from`: it holds the write lock.
  return from.transaction().execute((source) =>
    to.transaction().execute(async (target) => {
      await assertUnused(target)
      for (const table of SEEDED) await target.deleteFrom(table).execute()
      const counts = new Map<string, number>()
      for (const [table, key] of Object.entries(TABLES)) counts.set(table, await copyTable(source, target, table, key))
      await continueNumbers(target)
      return counts
    }),
  )
}

async function assertUnused(target: Transaction<Tables>): Promise<void> {
  for (const table of ['events', 'reservations', 'containers', 'tokens'] as const) {
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(target)
    if (rows.length === 0) continue
    throw new BerthError('invalid_config', `the target database already has rows in ${table}; name an empty one`)
  }
}

async function copyTable(
  source: Transaction<Tables>,
  target: Transaction<Tables>,
  table: string,
  key: readonly string[],
): Promise<number> {
  let count = 0
  for (let last: Row | null = null; ; ) {
    const rows = await readPage(source, table, key, last)
    if (rows.length === 0) break
    await insertInto(target, table, rows)
    if (!isDeepStrictEqual(await readPage(target, table, key, last), rows)) {
      throw new Error(`rows of ${table} differ in the copy; nothing was copied`)
    }
    count += rows.length
    last = rows.at(-1) ?? null
  }
  const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.table(table)}`.execute(target)
  if (rows[0]?.n !== count)
    throw new Error(`the copy has ${rows[0]?.n} rows of ${table} instead of ${count}; nothing was copied`)
  return count
}

/** Returns the rows after this one in the order of the key, which compares bytes in every kind of database. */
async function readPage(tx: Transaction<Tables>, table: string, key: readonly string[], after: Row | null) {
  const columns = sql.join(key.map((column) => sql.ref(column)))
  const beyond = after === null ? sql`` : sql`where (${columns}) > (${sql.join(key.map((column) => after[column]))})`
  const query = sql<Row>`select * from ${sql.table(table)} ${beyond} order by ${columns} limit ${PAGE_SIZE}`
  return (await query.execute(tx)).rows.map((row) => ({ ...row }))
}

async function insertInto(tx: Transaction<Tables>, table: string, rows: readonly Row[]): Promise<void> {
  const untyped = tx as unknown as Transaction<Record<string, Row>>
  await untyped.insertInto(table).values(rows).execute()
}

/** Sets the sequence of event numbers: PostgreSQL does not advance it when numbers are inserted. */
export async function continueSequences(target: Transaction<Tables>): Promise<void> {
  await sql`select setval(pg_get_serial_sequence('events', 'id'), max(id)) from events having count(*) > 0`.execute(
    target,
  )
}
