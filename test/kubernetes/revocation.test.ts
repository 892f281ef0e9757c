/** The end of access while a node is cut off and one of two gateways is lost: what ends at once, and what waits. */
import assert from 'node:assert/strict'
import { before, it, type TestContext } from 'node:test'
import { eventually } from '../../lab/eventually.ts'
import { type GatewayProcess, listening } from '../../lab/gateway.ts'
import { newKeyPair } from '../../lab/key-pair.ts'
import type { Node } from '../../lab/kubernetes/node.ts'
import type { TestManager } from '../../lab/manager.ts'
import { gatewayStarter } from '../support/gateway/alone.ts'
import { banner } from '../support/gateway/banner.ts'
import { login, type Session } from '../support/ssh.ts'
import { sharedCluster } from './support/bed.ts'
import { managersOn, podsOf, untilAllReady } from './support/managers.ts'

const SIZE = 2
const HOSTS = ['127.0.0.2', '127.0.0.3'] as const
/** The promise is one second. The machine may be busy. */
const MAX_CLOSE_MS = 2_000
/** The engine has 10 seconds to confirm a kill, and the doors one more. */
const MAX_ANSWER_MS = 20_000

const cluster = await sharedCluster()
const { managers, namespace } = await managersOn(cluster, 'revoke', {
  size: SIZE,
  count: 2,
  top: { ssh: { host: HOSTS[0], gateway: { listen: HOSTS[0], alone: true } } },
})
const [first, second] = managers as [TestManager, TestManager]
const startGateway = gatewayStarter(first.environment)
const { privateKey, publicKey } = newKeyPair()

interface Lent {
  readonly id: string
  readonly port: number
  readonly pod: string
  readonly node: Node
}

interface Problem {
  readonly code?: string
  readonly detail?: string
}

async function reserve(): Promise<Lent> {
  const { status, body } = await first.send('POST', '/v1/reservations', { username: 'ann', ssh_keys: [publicKey] })
  assert.equal(status, 201, JSON.stringify(body))
  const { id, containers } = body as {
    id: string
    containers: readonly { name: string; port: number; generation: number }[]
  }
  const { name, port, generation } = containers[0] ?? assert.fail()
  const pod = `${name}-g${generation}`
  const placed = (await podsOf(cluster, namespace)).find((each) => each.name === pod)
  return { id, port, pod, node: cluster.nodes.find((each) => each.name === placed?.node) ?? assert.fail() }
}

const through = ({ host }: GatewayProcess, { port }: Lent): Promise<Session> =>
  login({ host, port, username: 'ann', privateKey })

async function stateOf({ id }: Lent): Promise<string> {
  return (await second.get<{ state: string }>(`/v1/reservations/${id}`)).body.state
}

async function isRunning({ node, pod }: Lent): Promise<boolean> {
  return (await node.runningContainers()).some((name) => name.includes(`_${pod}_`))
}

async function release({ id }: Lent): Promise<{ status: number; body: Problem }> {
  const response = await fetch(`${first.url}/v1/reservations/${id}`, { method: 'DELETE' })
  return { status: response.status, body: (await response.json()) as Problem }
}

/**
 * Releases a reservation that has a session at this gateway. Asserts that the gateway closes the session at once and
 * refuses new ones, and that the answer says later that the end is not confirmed.
 */
async function releaseUnconfirmed(lent: Lent, { host }: GatewayProcess, session: Session, t: TestContext) {
  const began = performance.now()
  const since = () => Math.round(performance.now() - began)
  const releasing = release(lent)
  await session.closed
  const closedAfter = since()
  assert.equal(await stateOf(lent), 'ending')
  assert.equal(await banner(host, lent.port), '')
  const { status, body } = await releasing
  t.diagnostic(`session closed after ${closedAfter} ms, answer after ${since()} ms: ${JSON.stringify(body)}`)
  assert.ok(closedAfter < MAX_CLOSE_MS, `${closedAfter} ms`)
  assert.ok(since() < MAX_ANSWER_MS, `${since()} ms`)
  assert.deepEqual([status, body.code], [503, 'engine_unavailable'])
  assert.match(body.detail ?? '', /has not confirmed yet that all access ended.*its node does not confirm/)
  assert.equal(await stateOf(lent), 'ending')
  assert.equal(await banner(host, lent.port), '')
}

const allReady = () => untilAllReady(first, SIZE)

let one: GatewayProcess

before(async () => {
  await Promise.all(managers.map((manager) => manager.start()))
  one = await listening(startGateway(HOSTS[0]))
  await allReady()
})

it('a gateway is frozen: the other one closes sessions at once, and the end waits for the frozen one', async (t) => {
  const two = await listening(startGateway(HOSTS[1]))
  const lent = await reserve()
  const [session, frozen] = await Promise.all([through(one, lent), through(two, lent)])
  await lent.node.setCable('down')
  two.child.kill('SIGSTOP')
  try {
    await releaseUnconfirmed(lent, one, session, t)
    two.child.kill('SIGCONT')
    const began = performance.now()
    await frozen.closed
    t.diagnostic(`the frozen gateway closed its session ${Math.round(performance.now() - began)} ms after it continued`)
    assert.equal(await banner(two.host, lent.port), '')
    await eventually(async () => (await stateOf(lent)) === 'ended')
    assert.equal((await release(lent)).status, 200)
    assert.ok(await isRunning(lent), 'its node is still cut off')
  } finally {
    two.child.kill('SIGCONT')
    await lent.node.setCable('up')
  }
  await eventually(async () => !(await isRunning(lent)), 60_000)
  await allReady()
  two.child.kill('SIGTERM')
  await two.ended
})

it('a gateway is killed: the other one closes sessions at once, and the end waits for the node', async (t) => {
  const two = await listening(startGateway(HOSTS[1]))
  const lent = await reserve()
  const [session, lost] = await Promise.all([through(one, lent), through(two, lent)])
  await lent.node.setCable('down')
  try {
    two.child.kill('SIGKILL')
    await Promise.all([two.ended, lost.closed])
    await releaseUnconfirmed(lent, one, session, t)
    const next = await listening(startGateway(HOSTS[1]))
    assert.equal(await banner(next.host, lent.port), '')
    next.child.kill('SIGTERM')
    await next.ended
    // Nothing shows that the connections of the killed gateway are closed.
    assert.equal(await stateOf(lent), 'ending')
    assert.ok(await isRunning(lent), 'its node is still cut off')
  } finally {
    await lent.node.setCable('up')
  }
  const began = performance.now()
  await eventually(async () => (await stateOf(lent)) === 'ended', 60_000)
  t.diagnostic(`it ended ${Math.round(performance.now() - began)} ms after the node was back`)
  await eventually(async () => !(await isRunning(lent)), 60_000)
  await allReady()
})

it('a gateway is killed, and the node never comes back: the reservation ends when the node is deleted', async (t) => {
  const two = await listening(startGateway(HOSTS[1]))
  const lent = await reserve()
  const { node } = lent
  await node.setCable('down')
  try {
    two.child.kill('SIGKILL')
    await two.ended
    assert.equal((await release(lent)).status, 503)
    const began = performance.now()
    await cluster.kubectl('delete', 'node', node.name)
    await eventually(async () => (await stateOf(lent)) === 'ended', 120_000)
    t.diagnostic(`it ended ${Math.round((performance.now() - began) / 1_000)} s after the node was deleted`)
    await allReady()
  } finally {
    await node.setCable('up')
    // A kubelet registers its node when it starts.
    await node.endKubelet()
    node.startKubelet()
  }
  await eventually(async () => !(await isRunning(lent)), 60_000)
})
