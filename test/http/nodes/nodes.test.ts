import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ANONYMOUS } from '../../../src/domain/identity.ts'
import { NODE_LOST_AFTER_MS } from '../../../src/reconcile/node-deadlines.ts'
import { ALPINE, openApi } from '../../../lab/api.ts'

const POOL = { ...ALPINE, size: 3, ports: ALPINE.ports.slice(0, 3) }
const NONE = { creating: 0, ready: 0, reserved: 0, removing: 0, broken: 0, quarantined: 0 }

/** Three containers, on `n1`, `n2` and `n1`. alice has the first two. */
async function inUse() {
  const api = await openApi({ pools: [POOL], nodes: ['n1', 'n2'] })
  const json = { 'content-type': 'application/json' }
  const body = JSON.stringify({ username: 'alice', count: 2, duration: '1h' })
  const { id, expires_at } = JSON.parse((await api.ask('POST', '/v1/reservations', json, body)).text)
  const list = async () => JSON.parse((await api.get('/v1/nodes')).text)
  return { ...api, list, held: { id, owner: ANONYMOUS.name, username: 'alice', expires_at } }
}

const SOUND = { reachable: true, unreachable_since: null, cordoned: false, labels: {}, room: null, reservations: null }

it('says that an engine is one machine', async () => {
  const { get } = await openApi()
  assert.deepEqual(JSON.parse((await get('/v1/nodes')).text), { cluster: false, nodes: [] })
})

it('lists nodes with the number of containers in each state', async () => {
  const { list } = await inUse()
  assert.deepEqual(await list(), {
    cluster: true,
    nodes: [
      { name: 'n1', ...SOUND, containers: { ...NONE, ready: 1, reserved: 1 } },
      { name: 'n2', ...SOUND, containers: { ...NONE, reserved: 1 } },
    ],
  })
})

it('shows which reservations a cordoned node holds', async () => {
  const { list, world, held } = await inUse()
  world.host.nodes.setCordoned('n2', true)
  const [first, second] = (await list()).nodes
  assert.deepEqual(first.reservations, null)
  const reservations = [{ ...held, containers: ['alpine-2'] }]
  assert.deepEqual(second, {
    ...{ ...SOUND, name: 'n2', cordoned: true, reservations },
    containers: { ...NONE, reserved: 1 },
  })
})

it('shows which reservations a lost node holds, until their containers are replaced elsewhere', async () => {
  const { list, world, held } = await inUse()
  world.host.lose('n1')
  const since = new Date(world.now()).toISOString()
  await world.settle()
  const [lost] = (await list()).nodes
  assert.deepEqual([lost.reachable, lost.unreachable_since, lost.cordoned], [false, since, false])
  assert.deepEqual(lost.reservations, [{ ...held, containers: ['alpine-1'] }])
  world.advance(NODE_LOST_AFTER_MS)
  await world.settle()
  world.advance(1_000) // The pause after a failure.
  await world.settle()
  const [empty, full] = (await list()).nodes
  assert.deepEqual([empty.reservations, empty.containers], [[], NONE])
  assert.deepEqual([full.reservations, full.containers], [null, { ...NONE, ready: 1, reserved: 2 }])
})

it('answers 503 while the engine does not answer', async () => {
  const { get, engine } = await openApi({ nodes: ['n1'] })
  await engine('away')
  const { status, text } = await get('/v1/nodes')
  assert.deepEqual([status, JSON.parse(text).code], [503, 'engine_unavailable'])
})
