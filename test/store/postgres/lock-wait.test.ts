/** No manager keeps the lock of writers for long, and a start waits for it. */
import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { addressOf, startPostgres } from '../../../lab/postgres/server.ts'
import { waitForWriters } from '../../../src/reconcile/managers/lock-wait.ts'
import { connectPostgres } from '../../../src/store/postgres/driver.ts'
import { migratePostgres, openPostgres } from '../../../src/store/postgres/open.ts'
import { openTransactions } from '../../../src/store/sql/transactions.ts'

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())

it('transactions that share a COMMIT begin no further one after half a second', async () => {
  const address = addressOf(await server.createDatabase('slow'))
  await migratePostgres(address)
  const db = connectPostgres(address)
  after(() => db.destroy())
  const { writing } = openTransactions(db)
  const written = async () => (await server.query('slow', 'select from pool_sizes')).length
  const seen: number[] = []
  const slow = ['a', 'b', 'c', 'd'].map((pool) =>
    writing(async (tx) => {
      seen.push(await written())
      await tx.insertInto('pool_sizes').values({ pool, size: 1 }).execute()
      await sleep(300)
    }),
  )
  await Promise.all(slow)
  // On a machine that is slow enough, each has a COMMIT of its own.
  assert.ok((seen[2] ?? 0) > 0, String(seen))
  assert.equal(await written(), 4)
})

it('says what a start waits for, and fails at once for any other reason', async () => {
  const address = addressOf(await server.createDatabase('waiting'), { timeoutMs: 300 })
  const store = await openPostgres(address)
  await server.query('waiting', 'create role reader login')
  await server.query('waiting', 'grant select on all tables in schema public to reader')
  const without = await openPostgres({ ...address, user: 'reader' })
  after(() => Promise.all([store.close(), without.close()]))
  const stranger = new pg.Client({ ...address, application_name: 'stranger' })
  await stranger.connect()
  await stranger.query('begin; select pg_advisory_xact_lock(8237825268)')
  const lines: string[] = []
  const warn = (message: string, fields?: object) => {
    lines.push(`${message}: ${JSON.stringify(fields)}`)
    void stranger.end()
  }
  const log = { debug() {}, info() {}, warn, error() {} }
  await waitForWriters(log, () => store.renewKeepalives(0))
  assert.ok(lines.length > 0)
  assert.match(lines[0] ?? '', /^waiting for other writers of the database: .*\(\\"stranger\\", idle in transaction/)
  const denied = waitForWriters(log, () => without.registerManager())
  await assert.rejects(denied, { code: 'database_unavailable', message: /permission denied/ })
})
