/** Which database a store is, and what becomes of its rows when it turns out to be a copy, or its ledger is lost. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { NOW } from '../../lab/rows.ts'
import { claimOf } from '../../lab/claims.ts'
import { claimed, fill, type Open, rowOf } from './store-bench.ts'

const LEDGER = { ledger: 'l-1', instance: 'berth' }

export function identityVerbs(open: Open): void {
  it('each has an identity of its own, which stays', async () => {
    const [one, other] = [await open(), await open()]
    const id = await one.databaseId()
    assert.match(id, /^[\w-]{36}$/)
    assert.equal(await one.databaseId(), id)
    assert.notEqual(await other.databaseId(), id)
  })

  it('keeps the first check of the secret that its managers share', async () => {
    const store = await open()
    assert.equal(await store.secretCheck(), null)
    assert.equal(await store.recordSecretCheck('first'), 'first')
    assert.equal(await store.recordSecretCheck('second'), 'first')
    assert.equal(await store.secretCheck(), 'first')
  })

  it('relies on the first ledger that it sees, and retires what is free when that is another one', async () => {
    const store = await open()
    await fill(store, 3)
    await claimed(store)
    await store.addContainers([{ pool: 'q', number: 1, port: 9 }], NOW)
    assert.equal(await store.servedInstance(), null)
    assert.equal(await store.useLedger(LEDGER, 'lost', NOW), 0)
    assert.equal(await store.useLedger(LEDGER, 'lost', NOW), 0)
    assert.equal(await store.servedInstance(), 'berth')
    assert.equal((await rowOf(store, 'p-2')).state, 'ready')
    assert.equal(await store.useLedger({ ...LEDGER, ledger: 'l-2' }, 'lost', NOW), 2)
    const { containers } = await store.snapshot()
    // The last one was not made yet: there is nothing to distrust.
    assert.deepEqual(
      containers.map(({ state }) => state),
      ['reserved', 'removing', 'removing', 'creating'],
    )
    assert.equal((await rowOf(store, 'p-2')).error, 'lost')
    assert.equal(await store.useLedger({ ...LEDGER, ledger: 'l-2' }, 'lost', NOW), 0)
  })

  it('as a copy it takes another identity, knows no container, and its reservations have failed', async () => {
    const store = await open()
    await fill(store, 2)
    await claimed(store)
    assert.ok(await store.activate('r1', NOW))
    await store.claim(claimOf({ id: 'waits', count: 2, waitUntil: NOW + 60_000 }), NOW)
    const before = await store.databaseId()
    const id = await store.renewIdentity(before, 'a copy', NOW + 1)
    assert.notEqual(id, before)
    assert.equal(await store.databaseId(), id)
    assert.deepEqual((await store.snapshot()).containers, [])
    assert.deepEqual((await store.snapshot()).reservations, [])
    for (const one of ['r1', 'waits']) {
      const { state, outcome, reason, passwordHash } = (await store.reservation(one)) ?? {}
      const failed = { state: 'ended', outcome: 'failed', reason: 'a copy', passwordHash: null }
      assert.deepEqual({ state, outcome, reason, passwordHash }, failed)
    }
    const kinds = (await store.events({ after: 0, limit: 100 })).map(({ kind }) => kind)
    assert.deepEqual(kinds.slice(-4), [
      'reservation.ended',
      'reservation.ended',
      'container.dropped',
      'container.dropped',
    ])
    // The place is free for a new hold.
    await fill(store, 2)
    await claimed(store, { id: 'next', count: 2 })
  })

  it('takes no other identity when another manager of it has done so already', async () => {
    const store = await open()
    const id = await store.renewIdentity(await store.databaseId(), 'a copy', NOW)
    await fill(store, 1)
    assert.equal(await store.renewIdentity('of-before', 'a copy', NOW), id)
    assert.equal((await store.snapshot()).containers.length, 1)
  })
}
