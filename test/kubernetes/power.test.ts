/** A node that loses power: what holders notice, and what happens to its old pods when it is on again. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../lab/eventually.ts'
import { listening } from '../../lab/gateway.ts'
import { openApiProxy } from '../../lab/kubernetes/api-proxy.ts'
import type { Node } from '../../lab/kubernetes/node.ts'
import { removeContainers } from '../../lab/kubernetes/runtimes/docker.ts'
import type { TestManager } from '../../lab/manager.ts'
import { gatewayStarter } from '../support/gateway/alone.ts'
import { banner } from '../support/gateway/banner.ts'
import { chosenRuntime, sharedCluster } from './support/bed.ts'
import { Decoy } from './support/decoy.ts'
import { gracefullyDeleted } from './support/deletions.ts'
import { managersOn, openSession, podsOf, tenantOf, untilAllReady } from './support/managers.ts'

const SIZE = 4
const HELD = 3
const GATEWAY = '127.0.0.2'
/** Time after which a gateway knows that a node is lost: its list of nodes is at most 3 seconds old. */
const NODES_KNOWN_MS = 4_000

const cluster = await sharedCluster()
const proxy = await openApiProxy(cluster, 'power')
after(() => proxy.close())
const { managers, namespace } = await managersOn(cluster, 'power', {
  size: SIZE,
  count: 2,
  top: { ssh: { host: GATEWAY, gateway: { listen: GATEWAY, alone: true } } },
  env: { KUBECONFIG: proxy.kubeconfig },
})
const [first] = managers as [TestManager, TestManager]
const startGateway = gatewayStarter(first.environment)
const alice = tenantOf(first)

interface Shown {
  readonly id: string
  readonly state: string
  readonly expires_at: string
  readonly containers: readonly { readonly name: string; readonly generation: number; readonly port: number }[]
}

/** A reservation, and its first pod. */
interface Lent {
  readonly id: string
  readonly expires: string
  readonly container: string
  readonly port: number
  readonly generation: number
  readonly pod: string
  readonly node: string
  readonly address: string
}

async function reserve(): Promise<Lent> {
  const shown = await alice.json<Shown>('reserve', '--for', '20m', '--wait', '90s')
  const { name, port, generation } = shown.containers[0] ?? assert.fail()
  const pod = (await podsOf(cluster, namespace)).find((each) => each.name === `${name}-g${generation}`)
  const { node, address } = pod ?? assert.fail()
  const { id, expires_at: expires } = shown
  return { id, expires, container: name, port, generation, pod: `${name}-g${generation}`, node, address }
}

function nodeNamed(name: string): Node {
  return cluster.nodes.find((each) => each.name === name) ?? assert.fail()
}

async function isReady({ name }: Node): Promise<boolean> {
  const ready = '{.status.conditions[?(@.type=="Ready")].status}'
  return (await cluster.kubectl('get', 'node', name, '-o', `jsonpath=${ready}`)) === 'True'
}

const loginTo = ({ container }: Lent, ...options: string[]) =>
  alice.run('ssh', ...options, container, '--', 'id -un; hostname')

/** Waits until each tenant can log in to a replacement, both through the gateway and through a tunnel. */
async function untilReplaced(lents: readonly Lent[]): Promise<void> {
  for (const lent of lents) {
    await eventually(async () => {
      const { state, containers, expires_at: expires } = await alice.json<Shown>('show', lent.id)
      assert.deepEqual([state, expires, containers[0]?.name], ['active', lent.expires, lent.container])
      return containers[0]?.generation === lent.generation + 1
    }, 150_000)
    for (const option of ['--no-tunnel', '--tunnel'])
      await eventually(async () => (await loginTo(lent, option)).stdout === `user\n${lent.container}\n`, 60_000)
  }
}

/** Switches the node on, and waits until its old pods are deleted. Returns which of their containers ran meanwhile. */
async function switchOn(node: Node, lents: readonly Lent[]): Promise<string[]> {
  const isOld = (name: string) => lents.some(({ pod }) => name.includes(`_${pod}_`))
  const seen = new Set<string>()
  const control = new AbortController()
  const watching = (async () => {
    while (!control.signal.aborted) {
      for (const name of await node.runningContainers().catch(() => [])) if (isOld(name)) seen.add(name)
      await sleep(100)
    }
  })()
  try {
    await node.start()
    await eventually(() => isReady(node), 60_000)
    const pods = async () => (await podsOf(cluster, namespace)).map(({ name }) => name)
    await eventually(async () => (await pods()).every((name) => !lents.some(({ pod }) => pod === name)), 90_000)
  } finally {
    control.abort()
    await watching
  }
  assert.deepEqual((await node.runningContainers()).filter(isOld), [])
  return [...seen]
}

const allReady = () => untilAllReady(first, SIZE)

before(async () => {
  for (const manager of managers) await manager.start()
  await listening(startGateway(GATEWAY))
  await allReady()
})

it('a node stays off: holders get other pods, nothing connects to the old ones, and none runs again', async (t) => {
  const lents: Lent[] = []
  for (let nth = 0; nth < HELD; nth += 1) lents.push(await reserve())
  const node = nodeNamed(lents[0]?.node ?? '')
  const [lost = [], [kept = assert.fail('all pods are on one node')] = []] = [true, false].map((isThere) =>
    lents.filter((lent) => (lent.node === node.name) === isThere),
  )
  const session = await openSession(alice, kept.container)
  const off = performance.now()
  const since = () => `${Math.round((performance.now() - off) / 1_000)} s later`
  await node.powerOff()
  try {
    await eventually(async () => !(await isReady(node)), 60_000)
    t.diagnostic(`Kubernetes noticed that the node was off ${since()}`)
    await sleep(NODES_KNOWN_MS)
    const addresses = lost.map(({ address }) => address)
    const decoy = await Decoy.place(cluster, addresses)
    try {
      for (const { port } of lost) assert.equal(await banner(GATEWAY, port), '')
      await untilReplaced(lost)
      t.diagnostic(`${lost.length} holders could log in again ${since()}`)
      for (const { id } of lost) {
        const { stdout } = await alice.run('events', '--reservation', id)
        assert.match(stdout, new RegExp(`container\\.replaced.*its node ${node.name} was lost`))
      }
      assert.equal(await decoy.attempts(), 0)
      for (const address of addresses) assert.equal(await banner(address, 22), '')
      assert.equal(await decoy.attempts(), lost.length, 'the decoy counts')
    } finally {
      await decoy.remove()
    }
    assert.ok(performance.now() - session.heardAt() < 1_000, 'the other node lives')
    const on = performance.now()
    assert.deepEqual(await switchOn(node, lost), [])
    t.diagnostic(`the old pods were gone ${Math.round((performance.now() - on) / 1_000)} s after the node was on`)
  } finally {
    if (!node.isOn) await node.start()
  }
  await untilReplaced(lost)
  await alice.run('release', '--all')
  await session.ended
  await allReady()
  gracefullyDeleted(proxy)
})

it('a node is on again at once: its reserved container is replaced, and the pool is full again', async (t) => {
  const lent = await reserve()
  const node = nodeNamed(lent.node)
  const off = performance.now()
  await node.powerOff()
  await switchOn(node, [lent])
  await untilReplaced([lent])
  t.diagnostic(`its holder could log in again ${Math.round((performance.now() - off) / 1_000)} s later`)
  await alice.run('release', '--all')
  await allReady()
  gracefullyDeleted(proxy)
})

const skip = chosenRuntime() !== 'docker' && 'containerd remembers containers that were removed without its kubelet'
it('a pod that its node starts again without its files is replaced under its reservation', { skip }, async (t) => {
  const lent = await reserve()
  const node = nodeNamed(lent.node)
  // As after a loss of power, when dead containers are removed before the kubelet lists them.
  await node.endKubelet()
  await removeContainers(node.docker, lent.pod)
  const began = performance.now()
  node.startKubelet()
  await eventually(async () => (await node.runningContainers()).some((name) => name.includes(lent.pod)))
  await untilReplaced([lent])
  t.diagnostic(`its holder could log in again ${Math.round((performance.now() - began) / 1_000)} s later`)
  const { stdout } = await alice.run('events', '--reservation', lent.id)
  assert.match(stdout, /container\.replaced/)
  await alice.run('release', '--all')
  await allReady()
})
