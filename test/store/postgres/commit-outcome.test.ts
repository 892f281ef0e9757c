/** If the answer to a COMMIT is lost, callers still get the true outcome. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { sql } from 'kysely'
import { type Fault, openProxy } from '../../../lab/postgres/proxy.ts'
import { addressOf, startPostgres } from '../../../lab/postgres/server.ts'
import { connectPostgres } from '../../../src/store/postgres/driver.ts'
import { migratePostgres } from '../../../src/store/postgres/open.ts'
import { openTransactions, type Tx } from '../../../src/store/sql/transactions.ts'

const server = await startPostgres()
after(() => server.stop())

async function open(timeoutMs = 5_000, on = server) {
  const address = addressOf(await on.createDatabase())
  await migratePostgres(address)
  const name = address.database
  await on.query(name, 'create table numbers (n int primary key)')
  const proxy = await openProxy(address.port)
  const db = connectPostgres({ ...address, port: proxy.port, timeoutMs })
  after(async () => {
    await db.destroy()
    proxy.close()
  })
  const numbers = async () => (await on.query(name, 'select n from numbers order by n')).map(({ n }) => n)
  return { name, writing: openTransactions(db).writing, proxy, numbers }
}

const add = (tx: Tx, n: number) => sql`insert into numbers (n) values (${n})`.execute(tx)

async function outcomes(all: Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(all)
  return settled.map((one) => (one.status === 'fulfilled' ? 'written' : String(one.reason.code)))
}

describe('a group of transactions whose COMMIT is interrupted', () => {
  for (const [fault, outcome] of [
    ['lose-answer', 'written'],
    ['lose', 'database_unavailable'],
    ['swallow-answer', 'written'],
    ['swallow', 'database_unavailable'],
  ] as const satisfies readonly (readonly [Fault, string])[]) {
    it(`is answered with its outcome: ${fault}`, async () => {
      const { writing, proxy, numbers } = await open(1_000)
      await writing((tx) => add(tx, 1))
      proxy.failNext('; commit', fault)
      const three = [2, 3, 4].map((n) => writing((tx) => add(tx, n)))
      assert.deepEqual(await outcomes(three), [outcome, outcome, outcome])
      assert.deepEqual(await numbers(), outcome === 'written' ? [1, 2, 3, 4] : [1])
      await writing((tx) => add(tx, 5))
      assert.ok((await numbers()).includes(5))
    })
  }

  it('is answered with its outcome when the server crashes and starts again', async () => {
    const { writing, proxy, numbers } = await open()
    await writing((tx) => add(tx, 1))
    proxy.failNext('; commit', 'swallow-answer')
    const written = outcomes([writing((tx) => add(tx, 2))])
    while (!(await numbers()).includes(2));
    await server.crash()
    const restarted = server.start()
    assert.deepEqual(await written, ['written'])
    await restarted
    proxy.failNext('; commit', 'lose')
    assert.deepEqual(await outcomes([writing((tx) => add(tx, 3))]), ['database_unavailable'])
    assert.deepEqual(await numbers(), [1, 2])
  })

  it('fails when the server has it and the replica does not, which may take over', async () => {
    const primary = await startPostgres({ fsync: 'off' })
    after(() => primary.stop())
    const replica = await primary.startReplica('replica')
    await primary.query('postgres', "alter system set synchronous_standby_names = 'replica'")
    await primary.query('postgres', 'select pg_reload_conf()')
    const { name, writing, numbers } = await open(500, primary)
    await writing((tx) => add(tx, 1))
    await replica.kill()
    const message = /no server answered whether the transaction was committed/
    const written = assert.rejects(
      writing((tx) => add(tx, 2)),
      { code: 'database_unavailable', message },
    )
    const waits = "select from pg_stat_activity where wait_event = 'SyncRep'"
    while ((await primary.query('postgres', waits)).length === 0);
    await primary.crash()
    await primary.start()
    assert.deepEqual(await numbers(), [1, 2], 'the server that has crashed shows it')
    await written
    await primary.kill()
    await replica.start()
    await replica.query('postgres', 'select pg_promote()')
    assert.deepEqual(await replica.query(name, 'select n from numbers'), [{ n: 1 }])
  })

  it('fails when no server answers', async () => {
    const { writing, proxy, numbers } = await open(300)
    await writing((tx) => add(tx, 1))
    proxy.failNext('; commit', 'swallow-answer')
    const message = /no server answered whether the transaction was committed/
    const written = assert.rejects(
      writing((tx) => add(tx, 2)),
      { code: 'database_unavailable', message },
    )
    while (!(await numbers()).includes(2));
    await server.crash()
    await written
    await server.start()
  })
})
