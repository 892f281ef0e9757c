/** What operators do to a cluster by hand or by mistake: what the manager repairs, and what it reports. */
import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { eventually } from '../../lab/eventually.ts'
import { openEngine } from '../../lab/kubernetes/engine.ts'
import type { TestManager } from '../../lab/manager.ts'
import { sharedCluster } from './support/bed.ts'
import { managersOn, tenantOf } from './support/managers.ts'

const SIZE = 2
const IMPOSSIBLE = '-impossible'
const LABEL = 'disktype=tape'
/** Maximum duration of a recycle on a busy machine. If it waited for the impossible pods, it would take a minute. */
const MAX_RECYCLE_MS = 30_000

const cluster = await sharedCluster()
const { managers, namespace } = await managersOn(cluster, 'hands', {
  size: SIZE,
  count: 1,
  further: {
    [IMPOSSIBLE]: { size: 10, image: 'berth/box:latest', memory: '64m', cpus: 0.1, nodes: { disktype: 'tape' } },
  },
})
const [manager] = managers as [TestManager]
const alice = tenantOf(manager)

interface Shown {
  readonly id: string
  readonly containers: readonly { readonly name: string; readonly generation: number }[]
}

const reserve = (count: string) =>
  alice.json<Shown>('reserve', '--pool', manager.pool, '--count', count, '--wait', '90s')

const allReady = () =>
  eventually(async () => {
    const own = (await manager.containers()).filter(({ name }) => !name.includes(IMPOSSIBLE))
    return own.length === SIZE && own.every(({ state }) => state === 'ready')
  }, 120_000)

before(async () => {
  await manager.start()
  await allReady()
})

it('containers that no node can run show why, and delay no others', async (t) => {
  await eventually(async () => {
    const waiting = (await manager.containers()).filter(({ name }) => name.includes(IMPOSSIBLE))
    return waiting.some(({ error }) => error?.includes(`its pool requires nodes with ${LABEL}`))
  }, 60_000)
  const began = performance.now()
  assert.equal((await alice.run('containers', 'recycle', `${manager.pool}-1`)).code, 0)
  await eventually(async () => {
    const one = (await manager.containers()).find(({ name }) => name === `${manager.pool}-1`)
    return one?.state === 'ready' && one.generation > 1
  }, 2 * MAX_RECYCLE_MS)
  const took = Math.round(performance.now() - began)
  t.diagnostic(`recycled in ${took} ms`)
  assert.ok(took < MAX_RECYCLE_MS, `${took} ms`)
})

it('a deleted policy of peers is created again', async () => {
  const { id, containers } = await reserve('2')
  const [one = '', two = ''] = containers.map(({ name }) => name)
  const connect = `timeout 1 bash -c 'exec 3<>/dev/tcp/${two}/22'`
  const untilConnected = `for _ in $(seq 100); do ${connect} && exit; sleep 0.2; done; exit 1`
  assert.equal((await alice.run('ssh', one, '--', untilConnected)).code, 0)
  const policy = `berth-peers-${id}`
  await cluster.kubectl('-n', namespace, 'delete', 'networkpolicy', policy)
  await eventually(async () => (await cluster.kubectl('-n', namespace, 'get', 'networkpolicy')).includes(policy))
  assert.equal((await alice.run('ssh', one, '--', untilConnected)).code, 0)
  await alice.run('release', id)
  await allReady()
})

it('a deleted pod is replaced under its reservation, and its holder reads why', async () => {
  const { id, containers } = await reserve('1')
  const { name = '', generation = 0 } = containers[0] ?? {}
  await cluster.kubectl('-n', namespace, 'delete', 'pod', `${name}-g${generation}`)
  await eventually(async () => (await alice.run('ssh', name, '--', 'true')).code === 0, 60_000)
  const { stdout } = await alice.run('events', '--reservation', id)
  assert.match(stdout, /container\.replaced.*the container (?:is gone|was being removed|has ended)/)
  await alice.run('release', id)
  await allReady()
})

it('a tunnel fails within seconds if the policies do not let the manager reach pods', async () => {
  const options = { size: 1, count: 1, gatewayAddresses: ['198.51.100.0/24'] }
  const [blocked] = (await managersOn(cluster, 'blocked', options)).managers as [TestManager]
  await blocked.start()
  const bob = tenantOf(blocked)
  await bob.json('reserve', '--wait', '90s')
  const { code, stderr } = await bob.run('ssh', `${blocked.pool}-1`, '--tunnel', '--', 'true')
  assert.notEqual(code, 0)
  assert.match(stderr, /sshd does not answer: no answer within 5 s/)
})

it('a second instance in the namespace is refused, with the same or other settings', async () => {
  for (const gatewayAddresses of [[], [`${cluster.machine}/32`]]) {
    const engine = await openEngine(cluster.kubeconfig, 'second', { namespace, gatewayAddresses })
    try {
      const message = `in namespace ${namespace} belongs to instance ${manager.instance}: give each instance a namespace of`
      await assert.rejects(engine.provision(), (error: Error) => error.message.includes(message))
    } finally {
      await engine.close()
    }
  }
})
