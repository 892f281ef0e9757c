import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { systemClock } from '../../src/ports/clock.ts'
import { openMemory } from '../../src/engine/memory/engine.ts'
import { MemoryHost } from '../../src/engine/memory/host.ts'
import { runOnHost } from '../support/engine/run-on-host.ts'
import { engineContract } from './engine.ts'
import { mark } from '../../lab/database-mark.ts'
import { pool } from '../../lab/rows.ts'
import { INSTANCE } from '../../lab/world.ts'
import { specOf } from '../../src/domain/pool.ts'

const slot = (number: number) => ({ number, port: 2_220 + number, generation: 1 })

const host = new MemoryHost({ now: systemClock, images: ['an-image'] })
host.sshd = { host: '127.0.0.1', port: 22 }
const engine = openMemory({ database: mark(), instance: 'a', host, exec: runOnHost })
const other = openMemory({ database: mark('other'), instance: 'a', host })
const neighbour = { instance: 'b', pool: 'other', engine: openMemory({ database: mark(), instance: 'b', host }) }

engineContract('memory', {
  instance: 'a',
  pool: 'pool',
  image: 'an-image',
  ports: [1, 2, 3, 4],
  engine,
  marks: { database: mark().id, origin: mark().origin },
  other,
  neighbour,
  pause: async (id) => host.disturb(id, 'paused'),
  unplug: async (id) => host.disturb(id, 'unplugged'),
  crash: async (id) => host.disturb(id, 'exited'),
  send: async (id, line) => host.send(id, line),
  account: async () => 'alice',
  occupy: async (port) => {
    host.occupy(port)
    return async () => host.vacate(port)
  },
})

it('memory: a listing names the nodes that cannot be reached, and says nothing of their containers', async () => {
  const nodes = new MemoryHost({ now: systemClock, nodes: ['n1', 'n2'] })
  const spread = openMemory({ database: mark(), instance: INSTANCE.name, host: nodes })
  const ids: string[] = []
  for (const number of [1, 2]) ids.push(await spread.create(specOf(INSTANCE, pool(), slot(number))))
  const [here = '', lost = ''] = ids
  await spread.start(lost)
  nodes.lose('n2')
  const { observed, unreachable } = await spread.list()
  assert.deepEqual([observed.map(({ id }) => id), unreachable], [[here], ['n2']])
  for (const call of [spread.inspect(lost), spread.start(lost), spread.kill(lost), spread.imageOf(lost)])
    await assert.rejects(call, { code: 'engine_unavailable', message: 'the node n2 cannot be reached' })
  const command = { command: ['true'], timeoutMs: 1_000 }
  await assert.rejects(spread.exec(lost, command), { code: 'engine_unavailable' })

  await spread.remove(lost)
  assert.equal(nodes.find(lost)?.state, 'running', 'it runs on while its node is cut off')
  const next = await spread.create(specOf(INSTANCE, pool(), { ...slot(2), generation: 2 }))
  assert.equal((await spread.inspect(next))?.node, 'n1')
  nodes.regain('n2')
  assert.equal(nodes.find(lost), undefined, 'it is removed as soon as its node is back')
  assert.deepEqual((await spread.list()).unreachable, [])
  await spread.close()
})

it('memory: nodes show since when they cannot be reached, and whether they are cordoned', async () => {
  let now = 1_000
  const nodes = new MemoryHost({ now: () => now, nodes: ['n1', 'n2'] })
  const spread = openMemory({ database: mark(), instance: INSTANCE.name, host: nodes })
  const shown = async () =>
    (await spread.nodes?.())?.map((node) => [node.name, node.isReachable, node.unreachableSince, node.isCordoned])
  nodes.nodes.setCordoned('n1', true)
  for (const number of [1, 2]) {
    const id = await spread.create(specOf(INSTANCE, pool(), slot(number)))
    assert.equal((await spread.inspect(id))?.node, 'n2')
  }
  now = 2_000
  nodes.lose('n2')
  const lost = [
    ['n1', true, null, true],
    ['n2', false, 2_000, false],
  ]
  assert.deepEqual(await shown(), lost)
  await assert.rejects(spread.create(specOf(INSTANCE, pool(), slot(3))), { code: 'engine_unavailable' })
  nodes.regain('n2')
  nodes.nodes.setCordoned('n1', false)
  const back = [
    ['n1', true, null, false],
    ['n2', true, null, false],
  ]
  assert.deepEqual(await shown(), back)
  await spread.close()
})

after(async () => {
  await engine.close()
  await other.close()
  await neighbour.engine.close()
})
