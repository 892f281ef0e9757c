/** Peers, connected by a reconciler on the memory engine. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BerthError } from '../../src/domain/errors.ts'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import { type FaultRule, onCall } from '../../lab/faulty.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld, type World } from '../../lab/world.ts'

const MINUTE = 60_000
const BOTH = '10.213.0.2 p-1, 10.213.0.3 p-2'
const error = new BerthError('engine_failed', 'no addresses are free')

/** Returns a world in which Alice has two of three containers. */
async function reserved(faults: Record<string, FaultRule> = {}, reachPeers = true): Promise<World> {
  const pools = [pool({ reachPeers })]
  const world = await createWorld({ pools, faults })
  await world.settle()
  const request = { pool: pools[0] ?? pool(), username: 'alice', password: 'test', durationMs: MINUTE, count: 2 }
  await world.reservations.reserve(request, ANONYMOUS)
  return world
}

/** Lets the reconciler finish, and returns what each container knows of its peers. */
async function known(world: World): Promise<string[]> {
  for (let round = 0; round < 4; round += 1) {
    await world.reconciler.tick(true)
    await world.reconciler.idle()
  }
  const observed = await world.list()
  return observed.map(({ id, name }) => `${name}: ${world.accounts.peers.get(id) ?? 'nothing'}`).toSorted()
}

const STRANGERS = ['p-1: nothing', 'p-2: nothing', 'p-3: nothing']
const ACQUAINTED = [`p-1: ${BOTH}`, `p-2: ${BOTH}`, 'p-3: nothing']

describe('peers', () => {
  it('are connected and named after the reserve, and forgotten after the end', async () => {
    const world = await reserved()
    assert.equal(world.host.peerNetworks.size, 0, 'the answer does not wait for it')
    assert.deepEqual(await known(world), ACQUAINTED)
    world.advance(MINUTE)
    await world.settle()
    assert.deepEqual(await known(world), STRANGERS)
    assert.equal(world.host.peerNetworks.size, 0)
  })

  it('stay apart where the pool says so', async () => {
    const world = await reserved({}, false)
    assert.deepEqual(await known(world), STRANGERS)
  })

  it('are named again after one was restarted, and after it was replaced', async () => {
    const world = await reserved()
    await known(world)
    const restarted = world.host.holderOf('p-2')
    assert.ok(restarted)
    world.accounts.peers.clear()
    world.host.disturb(restarted.id, 'exited')
    await world.settle()
    assert.deepEqual(await known(world), ['p-1: nothing', `p-2: ${BOTH}`, 'p-3: nothing'])
    world.advance(10_000)
    world.host.disturb(restarted.id, null)
    await world.settle()
    assert.deepEqual(await known(world), ACQUAINTED)
    assert.notEqual(world.host.holderOf('p-2')?.id, restarted.id)
  })

  it('that cannot be connected or named keep their reservation, and are tried again after a pause', async () => {
    const failures: Record<string, FaultRule>[] = [
      { engine: onCall('connectPeers', 1, { when: 'before', error }) },
      { engine: onCall('connectPeers', 1, { when: 'after', error }) },
      { accounts: onCall('writePeerNames', 1, { when: 'before', error }) },
    ]
    for (const faults of failures) {
      const world = await reserved(faults)
      assert.deepEqual(await known(world), STRANGERS)
      world.advance(5_000)
      assert.deepEqual(await known(world), ACQUAINTED)
      assert.deepEqual(world.logins(), ['alice@p-1', 'alice@p-2'])
    }
  })

  it('are connected by the next manager when one dies in between', async () => {
    const world = await reserved({ engine: onCall('connectPeers', 1, { when: 'after', error }) })
    await known(world)
    await world.restart()
    assert.deepEqual(await known(world), ACQUAINTED)
    assert.equal(world.host.peerNetworks.size, 1)
  })

  it('have a network that is removed later when the engine refuses that at first', async () => {
    const world = await reserved({ engine: onCall('removePeerNetwork', 1, { when: 'before', error }) })
    await known(world)
    world.advance(MINUTE)
    await world.settle()
    await known(world)
    assert.equal(world.host.peerNetworks.size, 1)
    world.advance(5_000)
    await known(world)
    assert.equal(world.host.peerNetworks.size, 0)
  })
})
