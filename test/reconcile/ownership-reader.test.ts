/** What is known of containers that have changed since they were listed. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import { protectedContainers } from '../../src/reconcile/ownership/ownership.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld } from '../../lab/world.ts'

describe('a listing during which another manager recycles a container', () => {
  it('protects nothing: the reservation is known, though its entry in the ledger is gone', async () => {
    const world = await createWorld({ pools: [pool({ size: 1 })] })
    await world.settle()
    const wanted = { pool: pool({ size: 1 }), username: 'alice', count: 1, durationMs: 60_000, password: 'secret' }
    const { reservation } = await world.reservations.reserve(wanted, ANONYMOUS)
    const observed = await world.list()
    assert.equal(observed[0]?.lentTo, reservation.id)
    await world.reservations.release(reservation.id, ANONYMOUS)
    await world.settle()
    const { containers } = await world.store.snapshot()
    assert.deepEqual(await world.states(), ['p-1 ready 2'])
    assert.deepEqual(protectedContainers(containers, observed, await world.ownershipOf(observed)), [])
  })
})
