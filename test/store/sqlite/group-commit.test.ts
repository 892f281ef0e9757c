/**
 * Transactions that follow one another at once share a COMMIT: all of them are written or none, and each is answered
 * after it.
 */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { type Kysely, sql } from 'kysely'
import { connectSqlite } from '../../../src/store/sqlite/driver.ts'
import type { Tables } from '../../../src/store/sql/schema/tables.ts'
import { openTransactions, type Tx } from '../../../src/store/sql/transactions.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-commits-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0

/** A table of numbers, transactions on it, and what another connection sees in the file. */
function open() {
  const file = join(folder, `${++files}.db`)
  const { db, database } = connectSqlite(file)
  database.exec(
    'create table numbers (n integer primary key, of integer references numbers (n) deferrable initially deferred)',
  )
  const other = new DatabaseSync(file)
  after(() => {
    other.close()
    database.close()
  })
  const inFile = () =>
    other
      .prepare('select n from numbers order by n')
      .all()
      .map((row) => Number(row['n']))
  return { file, db, ...openTransactions(db), inFile }
}

const add = (tx: Kysely<Tables> | Tx, n: number) => sql`insert into numbers (n) values (${n})`.execute(tx)
const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1)
const outcomes = async (all: Promise<unknown>[]) => (await Promise.allSettled(all)).map(({ status }) => status)

describe('Transactions that share a COMMIT', () => {
  it('reach the file together, and are answered after that', async () => {
    const { writing, inFile } = open()
    const seen: number[][] = []
    const answered: number[] = []
    const add10 = upTo(10).map(async (n) => {
      await writing(async (tx) => {
        await add(tx, n)
        seen.push(inFile())
        assert.deepEqual(answered, [])
      })
      answered.push(n)
      assert.deepEqual(inFile(), upTo(10))
    })
    await Promise.all(add10)
    assert.deepEqual(seen.flat(), [])
    assert.deepEqual(answered, upTo(10))
  })

  it('are limited in number, so that other writers get in', async () => {
    const { writing, inFile } = open()
    const seen: number[] = []
    const add40 = upTo(40).map((n) =>
      writing(async (tx) => {
        await add(tx, n)
        seen.push(inFile().length)
      }),
    )
    await Promise.all(add40)
    assert.deepEqual([...new Set(seen)], [0, 16, 32])
    assert.equal(inFile().length, 40)
  })

  it('see writes of earlier ones, but not those of one that failed', async () => {
    const { writing, inFile } = open()
    const three = [
      writing((tx) => add(tx, 1)),
      writing(async (tx) => {
        await add(tx, 2)
        throw new Error('no')
      }),
      writing(async (tx) => sql<{ n: number }>`select n from numbers`.execute(tx)),
    ] as const
    assert.deepEqual(await outcomes([...three]), ['fulfilled', 'rejected', 'fulfilled'])
    assert.deepEqual(
      (await three[2]).rows.map(({ n }) => n),
      [1],
    )
    assert.deepEqual(inFile(), [1])
  })

  it('all fail when the COMMIT fails, and the next one works', async () => {
    const { writing, inFile } = open()
    const dangling = (tx: Tx) => sql`insert into numbers (n, of) values (2, 7)`.execute(tx)
    const three = [writing((tx) => add(tx, 1)), writing(dangling), writing((tx) => add(tx, 3))]
    for (const { status, reason } of (await Promise.allSettled(three)) as PromiseRejectedResult[]) {
      assert.equal(status, 'rejected')
      assert.match(String(reason), /FOREIGN KEY constraint failed/)
    }
    assert.deepEqual(inFile(), [])
    await writing((tx) => add(tx, 4))
    assert.deepEqual(inFile(), [4])
  })

  it('all fail with the reason when SQLite ends their transaction by itself, and later ones work', async () => {
    const { writing, inFile } = open()
    await writing((tx) => add(tx, 1))
    const again = (tx: Tx) => sql`insert or rollback into numbers (n) values (1)`.execute(tx)
    const four = [
      writing((tx) => add(tx, 2)),
      writing((tx) => add(tx, 3)),
      writing(again),
      writing((tx) => add(tx, 4)),
    ] as const
    assert.deepEqual(await outcomes([...four]), ['rejected', 'rejected', 'rejected', 'fulfilled'])
    for (const one of four.slice(0, 3)) await assert.rejects(one, /UNIQUE constraint failed/)
    assert.deepEqual(inFile(), [1, 4])
  })

  it('are written before the next read', async () => {
    const { db, writing, reading, inFile } = open()
    const count = (tx: Kysely<Tables>) => sql<{ n: number }>`select n from numbers`.execute(tx)
    const seen: number[][] = []
    const note = async (work: Promise<{ rows: { n: number }[] }>) => {
      const read = (await work).rows.map(({ n }) => n)
      seen.push(read)
      return read
    }
    await Promise.all([
      writing((tx) => add(tx, 1)),
      reading(async (tx) => assert.deepEqual(await note(count(tx)), inFile())),
      writing((tx) => add(tx, 2)),
      note(count(db)).then((read) => assert.ok(read.every((n) => inFile().includes(n)))),
      writing((tx) => add(tx, 3)),
    ])
    assert.deepEqual(seen, [[1], [1, 2]])
    assert.deepEqual(inFile(), [1, 2, 3])
  })

  it('are written when the last caller does nothing', { timeout: 5_000 }, async () => {
    const { db, writing, inFile } = open()
    await Promise.all([writing((tx) => add(tx, 1)), db.connection().execute(async () => undefined)])
    assert.deepEqual(inFile(), [1])
  })

  it('notify listeners of events after all of them are in the file', async () => {
    const { writing, onWritten, inFile } = open()
    const seen: number[][] = []
    onWritten(() => seen.push(inFile()))
    await Promise.all(upTo(3).map((n) => writing((tx) => add(tx, n))))
    assert.deepEqual(seen, [upTo(3), upTo(3), upTo(3)])
  })
})

describe('A database file that is not at its path any more', () => {
  for (const [what, takeAway] of [
    ['removed', (file: string) => renameSync(file, `${file}.away`)],
    [
      'replaced',
      (file: string) => {
        renameSync(file, `${file}.away`)
        cpSync(`${file}.away`, file)
      },
    ],
  ] as const) {
    it(`is not written to while it is ${what}, and is when it is back`, async () => {
      const { file, writing, inFile } = open()
      await writing((tx) => add(tx, 1))
      takeAway(file)
      const error = {
        code: 'database_unavailable',
        message: new RegExp(`${what} while this process used it; put it back`),
      }
      await assert.rejects(
        writing((tx) => add(tx, 2)),
        error,
      )
      renameSync(`${file}.away`, file)
      await writing((tx) => add(tx, 3))
      assert.deepEqual(inFile(), [1, 3])
    })
  }
})
