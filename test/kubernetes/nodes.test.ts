/** Nodes of a cluster: seen, and chosen for a pool. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import type { PublishedSpec } from '../../src/domain/container.ts'
import { sharedCluster, uniqueName } from './support/bed.ts'
import { openEngine, SPEC } from '../../lab/kubernetes/engine.ts'

const cluster = await sharedCluster()
const namespace = uniqueName('nodes')
const engine = await openEngine(cluster.kubeconfig, namespace)

before(async () => {
  await cluster.kubectl('create', 'namespace', namespace)
  await engine.provision()
})

after(() => engine.close())

async function nodes() {
  return (await engine.nodes?.()) ?? assert.fail('a cluster has nodes')
}

function create(some: Partial<PublishedSpec>): Promise<string> {
  return engine.create({ ...SPEC, instance: namespace, ...some })
}

it('a container runs on a node with the labels of its pool, although that has a taint', async () => {
  const [, chosen = assert.fail('there is one node')] = (await nodes()).map(({ name }) => name)
  await cluster.kubectl('label', 'node', chosen, 'disktype=ssd')
  await cluster.kubectl('taint', 'node', chosen, 'gpu=yes:NoSchedule')
  try {
    assert.equal((await nodes()).find(({ name }) => name === chosen)?.labels['disktype'], 'ssd')
    const tolerations = [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' as const }]
    const id = await create({ name: 'placed-1', nodes: { disktype: 'ssd' }, tolerations })
    await engine.start(id)
    assert.equal((await engine.inspect(id))?.node, chosen)
    await engine.remove(id)
  } finally {
    await cluster.kubectl('taint', 'node', chosen, 'gpu-')
    await cluster.kubectl('label', 'node', chosen, 'disktype-')
  }
})

it('a cordoned node is listed as such, with the room of all nodes', async () => {
  const [{ name: first } = assert.fail('there is no node')] = await nodes()
  await cluster.kubectl('cordon', first)
  try {
    const found = await nodes()
    assert.deepEqual(
      found.map(({ name, isReachable, isCordoned }) => [name, isReachable, isCordoned]),
      found.map(({ name }) => [name, true, name === first]),
    )
    for (const { room } of found) assert.ok(room && room.cpus > 0 && room.memory > 2 ** 26 && room.containers > 0)
  } finally {
    await cluster.kubectl('uncordon', first)
  }
})

it('a container without users of its own does not start if its pool requires them', async () => {
  // This version of Kubernetes does not know hostUsers, and ignores it.
  const required = await create({ name: 'required-1', userns: 'required' })
  for (const attempt of ['first', 'second']) {
    await assert.rejects(
      engine.start(required),
      { code: 'engine_failed', message: /has userns: required, and it has no user namespace of its own/ },
      attempt,
    )
  }
  const tried = await create({ name: 'tried-1', userns: 'try' })
  await engine.start(tried)
  assert.equal((await engine.inspect(tried))?.state, 'running')
  for (const id of [required, tried]) await engine.remove(id)
})
