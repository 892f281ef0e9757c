/** Snapshots on PostgreSQL follow what any manager writes, and what is edited by hand. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { claimOf } from '../../../lab/claims.ts'
import { addressOf, startPostgres } from '../../../lab/postgres/server.ts'
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
