/** Snapshots on PostgreSQL follow what any manager writes, and what is edited by hand. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { claimOf } from '../../../lab/claims.ts'
import { eventually } from '../../../lab/eventually.ts'
import { openProxy } from '../../../lab/postgres/proxy.ts'
import { addressOf, type PostgresServer, startPostgres } from '../../../lab/postgres/server.ts'
import { NOW } from '../../../lab/rows.ts'
import { openPostgres } from '../../../src/store/postgres/open.ts'
import { claimed, fill, statesOf } from '../../contracts/store-bench.ts'

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())

async function open() {
  const url = await server.createDatabase()
  const stores = [await openPostgres(addressOf(url)), await openPostgres(addressOf(url))] as const
  const byHand = new pg.Client({ connectionString: url })
  await byHand.connect()
  after(() => Promise.all([...stores.map((store) => store.close()), byHand.end()]))
  return { one: stores[0], other: stores[1], byHand }
}

describe('a snapshot', () => {
  it('is the same object while no container, reservation or size has changed, whatever else is written', async () => {
    const { one, other } = await open()
    await fill(one, 2)
    const before = await other.snapshot()
    assert.equal(await other.snapshot(), before)
    await one.recordPoolFacts('p', { os: 'Alpine', names: ['root'] })
    await one.registerManager()
    assert.equal(await other.snapshot(), before)
    await claimed(one)
    const next = await other.snapshot()
    assert.notEqual(next, before)
    assert.equal(next.reservations.length, 1)
  })

  it('shows what another manager has just written, also after transactions that failed', async () => {
    const { one, other } = await open()
    await fill(one, 20)
    await other.snapshot()
    for (let nth = 0; nth < 10; nth += 1) {
      // A rolled back transaction leaves a gap in the numbers of changes.
      const twice = [one.claim(claimOf({ id: `r${nth}` }), NOW), one.claim(claimOf({ id: `r${nth}` }), NOW)]
      const [first, second] = await Promise.allSettled(twice)
      assert.deepEqual([first?.status, second?.status], ['fulfilled', 'rejected'])
      assert.equal((await other.snapshot()).reservations.length, nth + 1)
    }
    assert.deepEqual(await statesOf(other), await statesOf(one))
  })

  it('does not show what a failover has lost, although its number was used again', async () => {
    const primary = await startPostgres({ fsync: 'off' })
    after(() => primary.stop())
    const replica = await primary.startReplica('replica')
    const { port, host, ...rest } = addressOf(await primary.createDatabase())
    const proxy = await openProxy(port)
    const one = await openPostgres({ ...rest, host, port: proxy.port })
    after(() => one.close().then(proxy.close))
    await fill(one, 3)
    const revisionAt = async (at: PostgresServer) =>
      Number((await at.query(rest.database, 'select max(revision) as n from changes'))[0]?.['n'])
    const kept = await revisionAt(primary)
    await eventually(async () => (await revisionAt(replica).catch(() => 0)) === kept)
    await replica.kill()
    await claimed(one, { id: 'lost' })
    // PostgreSQL logs 32 numbers of a sequence at once, so a replica does not use those again.
    while ((await revisionAt(primary)) < kept + 70) await one.renewKeepalives(NOW)
    assert.equal((await one.snapshot()).reservations.length, 1)
    const lost = await revisionAt(primary)

    await primary.kill()
    await replica.start()
    await replica.query('postgres', 'select pg_promote()')
    proxy.switchTo(replica.port)
    const other = await openPostgres({ ...rest, host, port: replica.port })
    after(() => other.close())
    while ((await revisionAt(replica)) < lost) await other.renewKeepalives(NOW)
    assert.equal(await revisionAt(replica), lost)
    assert.deepEqual(await one.snapshot(), await other.snapshot())
  })

  it('shows what was edited by hand, in the order in which it was committed', async () => {
    const { one, other, byHand } = await open()
    await fill(one, 3)
    await other.snapshot()
    await byHand.query("begin; update containers set state = 'broken' where name = 'p-3'")
    // Waits for the edit: its changes have higher numbers, and a reader that has seen them would miss the edit.
    const claim = claimed(one)
    await sleep(300)
    assert.deepEqual(await statesOf(other), ['p-1 ready 1', 'p-2 ready 1', 'p-3 ready 1'])
    await byHand.query('commit')
    await claim
    assert.deepEqual(await statesOf(other), ['p-1 reserved 1', 'p-2 ready 1', 'p-3 broken 1'])
  })
})
