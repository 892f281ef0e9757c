/** A store stays open while a newer version of Berth adds columns to its tables. */
import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import type { Kysely } from 'kysely'
import { claimOf } from '../../../lab/claims.ts'
import { addressOf, startPostgres } from '../../../lab/postgres/server.ts'
import { NOW } from '../../../lab/rows.ts'
import { connectPostgres } from '../../../src/store/postgres/driver.ts'
import { migratePostgres, openPostgres } from '../../../src/store/postgres/open.ts'
import { openTransactions } from '../../../src/store/sql/transactions.ts'
import type { Tables } from '../../../src/store/sql/schema/tables.ts'
import { fill, rowOf } from '../../contracts/store-bench.ts'

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())

type Facts = { facts: { n: number } }

/** Each read takes a connection of its own, up to as many as a store has. */
const FOUR = [1, 2, 3, 4]

it('prepared statements of reads and writes go on after a migration', async () => {
  const address = addressOf(await server.createDatabase())
  const store = await openPostgres(address)
  after(() => store.close())
  await fill(store, 6)
  const use = async (id: string) => {
    const claims = await Promise.all(FOUR.slice(2).map((n) => store.claim(claimOf({ id: `${id}${n}` }), NOW)))
    assert.deepEqual(
      claims.map(({ kind }) => kind),
      ['claimed', 'claimed'],
    )
    const read = await Promise.all(FOUR.map(() => store.reservation(`${id}3`)))
    assert.ok(read.every((row) => row?.id === `${id}3`))
    const [container] = (await store.snapshot()).containers
    assert.ok(container && (await store.updateContainer(container, { error: id }, NOW)))
    assert.equal((await rowOf(store, container.name)).error, id)
  }
  await use('before')
  for (const table of ['containers', 'reservations', 'holds', 'leaders', 'changes']) {
    await server.query(address.database, `alter table ${table} add column later text`)
  }
  await use('after')
})

it('a single statement is run again, and so is a transaction as a whole', async () => {
  const address = addressOf(await server.createDatabase())
  await migratePostgres(address)
  await server.query(address.database, 'create table facts (n integer)')
  const db = connectPostgres(address)
  after(() => db.destroy())
  const { reading, writing } = openTransactions(db)
  const all = (on: Kysely<Tables>) => on.withTables<Facts>().selectFrom('facts').selectAll().execute()
  const add = (on: Kysely<Tables>) => on.withTables<Facts>().insertInto('facts').values({ n: 1 }).execute()
  const change = (column: string) => server.query(address.database, `alter table facts add column ${column} text`)
  let runs = 0
  const addAndRead = async (tx: Kysely<Tables>) => {
    runs += 1
    await add(tx)
    return all(tx)
  }

  await Promise.all(FOUR.map(() => all(db)))
  await change('first')
  assert.equal((await Promise.all(FOUR.map(() => all(db)))).length, 4)
  await Promise.all(FOUR.map(() => reading(all)))
  await change('second')
  assert.equal((await Promise.all(FOUR.map(() => reading(all)))).length, 4)
  assert.equal((await writing(addAndRead)).length, 1)
  await change('third')
  assert.equal((await writing(addAndRead)).length, 2)
  assert.equal(runs, 3, 'the second one was rolled back once')
})
