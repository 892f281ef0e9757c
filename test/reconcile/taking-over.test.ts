/** A manager that was taken for dead and is not: another one has gone on with what it was doing. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Builder } from '../../src/reconcile/execute/builder.ts'
import { Surveyor } from '../../src/reconcile/execute/surveyor.ts'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import { BerthError } from '../../src/domain/errors.ts'
import { LocalTime } from '../../src/domain/text/local-time.ts'
import { openMemory } from '../../src/engine/memory/engine.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld, type World } from '../../lab/world.ts'

const POOL = pool()
const asked = { pool: POOL, username: 'alice', password: 'secret', count: 1, durationMs: 60_000 }

/**
 * A world in which, while the account is being opened, another manager takes the preparation up and lets the holder
 * in.
 */
async function slow(then: () => void = () => undefined): Promise<World> {
  const world = await createWorld({ pools: [POOL] })
  await world.settle()
  const { accounts, store } = world
  const open = accounts.createAccounts.bind(accounts)
  accounts.createAccounts = async (...them) => {
    const outcomes = await open(...them)
    const [preparing] = (await store.snapshot()).reservations
    assert.ok(preparing)
    await store.takeOverPreparation(preparing.id, preparing.prepareBy, preparing.prepareBy + 10_000)
    await store.activate(preparing.id, world.now())
    then()
    return outcomes
  }
  return world
}

describe('a manager that was too slow', () => {
  it('answers with what the other one has made of it', async () => {
    const { reservations, store } = await slow()
    const { reservation } = await reservations.reserve(asked, ANONYMOUS)
    assert.equal(reservation.state, 'active')
    assert.deepEqual((await store.snapshot()).reservations, [reservation])
  })

  it('and then fails, does not end what the other one has finished', async () => {
    const { reservations, store } = await slow(() => {
      throw new BerthError('guest_failed', 'no answer')
    })
    await assert.rejects(reservations.reserve(asked, ANONYMOUS), { code: 'guest_failed' })
    assert.equal((await store.snapshot()).reservations[0]?.state, 'active')
  })

  it('to begin, does nothing in the containers of a tenant whom the other one has let in', async () => {
    const world = await createWorld({ pools: [POOL] })
    await world.settle()
    const { accounts, reservations, store } = world
    const claim = store.claim.bind(store)
    store.claim = async (...them) => {
      const taken = await claim(...them)
      world.advance(20_000)
      const [preparing] = (await store.snapshot()).reservations
      assert.ok(preparing)
      await store.takeOverPreparation(preparing.id, preparing.prepareBy, preparing.prepareBy + 10_000)
      await store.activate(preparing.id, world.now())
      return taken
    }
    accounts.createAccounts = () => assert.fail('made an account')
    const { reservation } = await reservations.reserve(asked, ANONYMOUS)
    assert.equal(reservation.state, 'active')
  })

  it('refuses with that reason while another manager still prepares the reservation', async () => {
    const world = await createWorld({ pools: [POOL] })
    await world.settle()
    const { accounts, reservations, store } = world
    const claim = store.claim.bind(store)
    store.claim = async (...them) => {
      const taken = await claim(...them)
      world.advance(20_000)
      const [preparing] = (await store.snapshot()).reservations
      assert.ok(preparing)
      await store.takeOverPreparation(preparing.id, preparing.prepareBy, preparing.prepareBy + 10_000)
      return taken
    }
    accounts.createAccounts = () => assert.fail('made an account')
    const error = { code: 'cancelled', message: /another manager has resumed the preparation/ }
    await assert.rejects(reservations.reserve(asked, ANONYMOUS), error)
    assert.equal((await store.snapshot()).reservations[0]?.state, 'preparing')
  })

  for (const verb of ['recycle', 'build', 'restore'] as const) {
    it(`does not remove what the other one has made meanwhile, when it is to ${verb}`, async () => {
      const world = await createWorld({ pools: [POOL] })
      await world.settle()
      const { store, host } = world
      const [before] = (await store.snapshot()).containers
      assert.ok(before)
      const { reservation } = await world.reservations.reserve(asked, ANONYMOUS)
      await world.reservations.release(reservation.id, ANONYMOUS)
      await world.settle()
      const engine = openMemory({ database: world.database, instance: 'test', host })
      const successor = (await engine.list()).observed.find(({ name }) => name === before.name)
      assert.equal(successor?.generation, before.generation + 1)
      const { pools, accounts } = world
      const log = { debug() {}, info() {}, warn() {}, error() {} }
      const localTime = new LocalTime('UTC')
      const instance = { name: 'test', bind: '127.0.0.1' }
      const deps = { instance, pools, store, engine, accounts, clock: world.now, log, localTime }
      const builder = new Builder(deps, new Surveyor(deps))
      // From rows that were read before, and a look at the engine after.
      const made = {
        recycle: () => builder.recycle({ ...before, state: 'removing' }, [successor]),
        build: () => builder.build({ ...before, state: 'creating' }, { stale: [successor] }),
        restore: () => builder.restore({ ...before, state: 'reserved' }, reservation, { stale: [successor] }),
      }[verb]
      assert.equal(await made(), null)
      assert.equal((await engine.inspect(successor.id))?.state, 'running')
    })
  }
})
