/**
 * Transactions that follow one another at once share a COMMIT: all of them are written or none, and each is answered
 * after it.
 */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { type Kysely, sql } from 'kysely'
import pg from 'pg'
import { openProxy } from '../../../lab/postgres/proxy.ts'
import { addressOf, startPostgres } from '../../../lab/postgres/server.ts'
import { connectPostgres } from '../../../src/store/postgres/driver.ts'
import { migratePostgres } from '../../../src/store/postgres/open.ts'
import type { Tables } from '../../../src/store/sql/schema/tables.ts'
import { openTransactions, type Tx } from '../../../src/store/sql/transactions.ts'

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())

/** Creates a table of numbers. Returns transactions on it, and a reader on another connection. */
async function open() {
  const url = await server.createDatabase()
  const address = addressOf(url)
  await migratePostgres(address)
  const other = new pg.Client({ connectionString: url })
  await other.connect()
  await other.query('create table numbers (n int primary key, of int references numbers deferrable initially deferred)')
  const db = connectPostgres(address)
  const observer = new pg.Pool({ connectionString: url, max: 1 })
  after(() => Promise.all([db.destroy(), other.end(), observer.end()]))
  const numbers = async () =>
    (await observer.query<{ n: number }>('select n from numbers order by n')).rows.map(({ n }) => n)
  return { address, db, other, ...openTransactions(db), numbers }
}

/** Error of a writer that another program blocks. */
const STRANGER =
  /locked it for too long: process \d+ of the server \("stranger", idle in transaction, in a transaction since \d{4}-[^ ]*Z\); end its transaction, or end the process with pg_terminate_backend\(\d+\)/

const add = (tx: Kysely<Tables> | Tx, n: number) => sql`insert into numbers (n) values (${n})`.execute(tx)
const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1)
const outcomes = async (all: Promise<unknown>[]) => (await Promise.allSettled(all)).map(({ status }) => status)

describe('Transactions of PostgreSQL that share a COMMIT', () => {
  it('are written together, at most 16, and are answered after that', async () => {
    const { writing, numbers } = await open()
    const seen: number[] = []
    const add40 = upTo(40).map(async (n) => {
      await writing(async (tx) => {
        await add(tx, n)
        seen.push((await numbers()).length)
      })
      assert.ok((await numbers()).includes(n))
    })
    await Promise.all(add40)
    assert.equal((await numbers()).length, 40)
    const groups = [...new Set(seen), 40]
    // On a slow machine, a group ends sooner.
    assert.ok(groups.length < 20, String(groups))
    assert.ok(
      groups.slice(1).every((until, nth) => until - (groups[nth] ?? 0) <= 16),
      String(groups),
    )
  })

  it('see writes of earlier ones, but not those of one that failed', async () => {
    const { writing, numbers } = await open()
    const three = [
      writing((tx) => add(tx, 1)),
      writing(async (tx) => {
        await add(tx, 2)
        throw new Error('no')
      }),
      writing(async (tx) => sql<{ n: number }>`select n from numbers`.execute(tx)),
    ] as const
    assert.deepEqual(await outcomes([...three]), ['fulfilled', 'rejected', 'fulfilled'])
    assert.deepEqual((await three[2]).rows, [{ n: 1 }])
    assert.deepEqual(await numbers(), [1])
  })

  it('go on after a statement that failed', async () => {
    const { writing, numbers } = await open()
    const three = [writing((tx) => add(tx, 1)), writing((tx) => add(tx, 1)), writing((tx) => add(tx, 3))]
    assert.deepEqual(await outcomes(three), ['fulfilled', 'rejected', 'fulfilled'])
    assert.deepEqual(await numbers(), [1, 3])
  })

  it('fail with the error of a statement that was sent together with the next one', async () => {
    const { writing, reading } = await open()
    const insert = (tx: Tx, ...pools: string[]) =>
      tx
        .insertInto('pool_sizes')
        .values(pools.map((pool) => ({ pool, size: 1 })))
        .execute()
    const twice = async (tx: Tx) => {
      await insert(tx, 'b', 'b')
      await tx.selectFrom('pool_sizes').selectAll().execute()
    }
    const four = [
      writing((tx) => insert(tx, 'a')),
      writing(twice),
      writing((tx) => insert(tx, 'a')),
      writing((tx) => insert(tx, 'c')),
    ]
    const results = (await Promise.allSettled(four)) as PromiseRejectedResult[]
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
    )
    for (const nth of [1, 2]) assert.match(String(results[nth]?.reason), /duplicate key value/)
    const rows = await reading((tx) => tx.selectFrom('pool_sizes').select('pool').orderBy('pool').execute())
    assert.deepEqual(
      rows.map(({ pool }) => pool),
      ['a', 'c'],
    )
  })

  it('all fail when the savepoint of the next one is lost, and the next group works', async () => {
    const { address, numbers } = await open()
    const proxy = await openProxy(address.port)
    const db = connectPostgres({ ...address, port: proxy.port })
    after(() => db.destroy().then(() => proxy.close()))
    const { writing } = openTransactions(db)
    proxy.failNext('release one; savepoint one', 'lose')
    const two = await Promise.allSettled([writing((tx) => add(tx, 1)), writing((tx) => add(tx, 2))])
    for (const one of two) {
      assert.equal(one.status === 'rejected' && one.reason.code, 'database_unavailable')
    }
    await writing((tx) => add(tx, 3))
    assert.deepEqual(await numbers(), [3])
  })

  it('all fail when the COMMIT fails, and the next one works', async () => {
    const { writing, numbers } = await open()
    const dangling = (tx: Tx) => sql`insert into numbers (n, of) values (2, 7)`.execute(tx)
    const three = [writing((tx) => add(tx, 1)), writing(dangling), writing((tx) => add(tx, 3))]
    for (const { status, reason } of (await Promise.allSettled(three)) as PromiseRejectedResult[]) {
      assert.equal(status, 'rejected')
      assert.match(String(reason), /violates foreign key constraint/)
    }
    await writing((tx) => add(tx, 4))
    assert.deepEqual(await numbers(), [4])
  })

  it('all fail with the reason when their connection is cut, and the next one works', async () => {
    const { writing, numbers, other } = await open()
    const cut = async (tx: Tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
      await other.query('select pg_terminate_backend($1)', [rows[0]?.pid])
      await add(tx, 2)
    }
    const three = [writing((tx) => add(tx, 1)), writing(cut), writing((tx) => add(tx, 3))]
    const [first, second] = (await Promise.allSettled(three)) as PromiseRejectedResult[]
    for (const one of [first, second]) assert.equal(one?.reason?.code, 'database_unavailable', String(one?.reason))
    await writing((tx) => add(tx, 4))
    assert.ok((await numbers()).includes(4))
    assert.ok(!(await numbers()).includes(1))
  })

  it('wait for a writer of another manager, and see what it wrote', async () => {
    const { address, writing } = await open()
    const db = connectPostgres(address)
    after(() => db.destroy())
    const others = openTransactions(db)
    const next = async (tx: Tx) => {
      const { rows } = await sql<{ n: number }>`select coalesce(max(n), 0) + 1 as n from numbers`.execute(tx)
      await add(tx, rows[0]?.n ?? 0)
    }
    // Without the lock, two of them would read the same maximum.
    await Promise.all(upTo(60).map((n) => (n % 2 ? writing : others.writing)(next)))
  })

  it('do not wait longer than the limit for another program that has the lock', async () => {
    const { address, other, numbers } = await open()
    const db = connectPostgres({ ...address, timeoutMs: 300 })
    after(() => db.destroy())
    const { writing } = openTransactions(db)
    await other.query("set application_name = 'stranger'; begin; select pg_advisory_xact_lock(8237825268)")
    await assert.rejects(
      writing((tx) => add(tx, 1)),
      { code: 'database_unavailable', message: STRANGER },
    )
    await other.query('rollback')
    await writing((tx) => add(tx, 2))
    assert.deepEqual(await numbers(), [2])
  })

  it('do not wait longer than the limit for another program that has a table, which other managers name, too', async () => {
    const { address, other, numbers } = await open()
    const managers = [200, 700].map((timeoutMs) => connectPostgres({ ...address, timeoutMs }))
    after(() => Promise.all(managers.map((db) => db.destroy())))
    const [first, second] = managers.map((db) => openTransactions(db).writing)
    assert.ok(first && second)
    await other.query("set application_name = 'stranger'; begin; lock table numbers in share mode")
    const waitsForTable = assert.rejects(
      second((tx) => add(tx, 1)),
      { message: STRANGER },
    )
    const hasLock = "select from pg_locks where locktype = 'advisory' and granted"
    while ((await other.query(hasLock)).rows.length === 0);
    await assert.rejects(
      first((tx) => add(tx, 2)),
      { message: STRANGER },
    )
    await waitsForTable
    await other.query('rollback')
    await first((tx) => add(tx, 3))
    assert.deepEqual(await numbers(), [3])
  })

  it('do not keep the lock when this process stops in the middle', async () => {
    const { address, writing, numbers } = await open()
    const db = connectPostgres({ ...address, timeoutMs: 300 })
    after(() => db.destroy())
    const [begun, stopped] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const stuck = openTransactions(db).writing(async (tx) => {
      await add(tx, 1)
      begun.resolve()
      await stopped.promise
      await add(tx, 2)
    })
    await begun.promise
    await writing((tx) => add(tx, 3))
    stopped.resolve()
    await assert.rejects(stuck, { code: 'database_unavailable' })
    assert.deepEqual(await numbers(), [3])
  })
})

describe('reads', () => {
  it('see one moment, and wait for no writer', async () => {
    const { reading, writing, other } = await open()
    await writing((tx) => add(tx, 1))
    await other.query('begin; select pg_advisory_xact_lock(8237825268); insert into numbers (n) values (2)')
    const count = async (tx: Tx) => (await sql`select n from numbers`.execute(tx)).rows.length
    const counts = await reading(async (tx) => {
      const before = await count(tx)
      await other.query('commit')
      return [before, await count(tx)]
    })
    assert.deepEqual(counts, [1, 1])
    assert.equal(await reading(count), 2)
    await assert.rejects(
      reading((tx) => add(tx, 3)),
      { code: 'database_unavailable', message: /read-only/ },
    )
  })
})
