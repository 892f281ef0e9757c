/** A node that the engine cannot reach: what is on it is unknown until a deadline, and gone after it. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { NODE_LOST_AFTER_MS } from '../../src/reconcile/node-deadlines.ts'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld, type World } from '../../lab/world.ts'

const POOL = pool({ size: 2, duration: { default: 3_600_000, max: 3_600_000 } })

/** Two containers on two nodes; alice holds the one on `n1`, and the engine loses that node. */
async function cutOff(): Promise<{ world: World; lost: string }> {
  const world = await createWorld({ pools: [POOL], nodes: ['n1', 'n2'] })
  await world.settle()
  const request = { pool: POOL, username: 'alice', password: 'test', count: 1, durationMs: 3_600_000 }
  await world.reservations.reserve(request, ANONYMOUS)
  const lost = world.host.holderOf('p-1')
  assert.equal(lost?.node, 'n1')
  world.host.lose('n1')
  return { world, lost: lost.id }
}

it('a held container on a node that cannot be reached is left alone until the deadline', async () => {
  const { world, lost } = await cutOff()
  const before = await world.states()
  for (let ms = 0; ms < NODE_LOST_AFTER_MS; ms += 5_000) {
    await world.settle()
    assert.deepEqual(await world.states(), before)
    world.advance(5_000)
  }
  world.host.regain('n1')
  await world.settle()
  assert.deepEqual(await world.states(), before)
  assert.equal(world.host.holderOf('p-1')?.id, lost, 'the tenant has the same container')
  assert.ok(world.logged.some((line) => line.startsWith('the node n1 can be reached again')))
})

it('after the deadline it is replaced on another node, and the old one is removed when its node is back', async () => {
  const { world, lost } = await cutOff()
  await world.settle()
  world.advance(NODE_LOST_AFTER_MS)
  await world.settle()
  const successor = world.host.holderOf('p-1')
  assert.equal(successor?.node, 'n2')
  assert.deepEqual(await world.states(), ['p-1 reserved 2', 'p-2 ready 1'])
  assert.ok(world.accounts.users.get(successor.id)?.has('alice'), 'with the account of its tenant')
  assert.equal(world.host.find(lost)?.state, 'running')
  world.host.regain('n1')
  await world.settle()
  assert.equal(world.host.find(lost), undefined)
  assert.deepEqual(world.logins(), ['alice@p-1'])
})

it('the holder reads in an event that the node was lost', async () => {
  const { world } = await cutOff()
  await world.settle()
  world.advance(NODE_LOST_AFTER_MS)
  await world.settle()
  const events = await world.store.events({ after: 0, limit: 100, kind: 'container.replaced', owner: ANONYMOUS.name })
  const told = events.map(({ container, username, detail }) => [container, username, detail])
  assert.deepEqual(told, [['p-1', 'alice', 'its node n1 was lost']])
  assert.equal((await world.store.container('p-1'))?.error, null, 'the reason is no failure of the new container')
})

it('a container that is gone while its node can be reached is replaced for another reason', async () => {
  const { world, lost } = await cutOff()
  world.host.regain('n1')
  world.host.disturb(lost, null)
  await world.settle()
  const events = await world.store.events({ after: 0, limit: 100, kind: 'container.replaced' })
  assert.deepEqual(
    events.map(({ container, detail }) => [container, detail]),
    [['p-1', 'the container is gone; Berth did not remove it']],
  )
})

it('a node that comes and goes starts its deadline again', async () => {
  const { world, lost } = await cutOff()
  await world.settle()
  world.advance(NODE_LOST_AFTER_MS - 1)
  world.host.regain('n1')
  await world.reconciler.tick(true)
  world.host.lose('n1')
  await world.reconciler.tick(true)
  world.advance(NODE_LOST_AFTER_MS - 1)
  await world.settle()
  assert.equal(world.host.holderOf('p-1')?.id, lost)
})

it('a ready container on a lost node is made anew elsewhere, and lent', async () => {
  const world = await createWorld({ pools: [POOL], nodes: ['n1', 'n2'] })
  await world.settle()
  world.host.lose('n1')
  await world.settle()
  world.advance(NODE_LOST_AFTER_MS)
  await world.settle()
  world.advance(1_000) // The pause after a failure.
  await world.settle()
  assert.deepEqual(await world.states(), ['p-1 ready 2', 'p-2 ready 1'])
  assert.equal(world.host.holderOf('p-1')?.node, 'n2')
})

it('the end of a reservation on a node that cannot be reached is recorded when the engine has confirmed it', async () => {
  const { world } = await cutOff()
  await world.settle()
  world.advance(3_600_000)
  await world.settle()
  const states = async () => (await world.store.reservations({ limit: 10 })).map(({ reservation }) => reservation.state)
  assert.deepEqual(await states(), ['ending'])
  world.host.regain('n1')
  await world.settle()
  assert.deepEqual(await states(), ['ended'])
  assert.deepEqual(world.logins(), [])
})
