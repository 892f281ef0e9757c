/** Gateways before pods: what they keep open, how fast they close, and how long the parts of a reservation take. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../lab/eventually.ts'
import type { TestManager } from '../../lab/manager.ts'
import { banner } from '../support/gateway/banner.ts'
import { type GatewayProcess, listening } from '../../lab/gateway.ts'
import { gatewayStarter } from '../support/gateway/alone.ts'
import { newKeyPair } from '../../lab/key-pair.ts'
import { login, type Session } from '../support/ssh.ts'
import { sharedCluster } from './support/bed.ts'
import { managersOn, untilAllReady } from './support/managers.ts'

const SIZE = 4
/** The promise is one second, on a machine that has time. */
const WITHIN_MS = 2_000

const cluster = await sharedCluster()
const { managers, namespace } = await managersOn(cluster, 'doors', {
  size: SIZE,
  count: 2,
  top: { ssh: { host: '127.0.0.2', gateway: { listen: '127.0.0.2', alone: true } } },
})
const [first, second] = managers as [TestManager, TestManager]
const startGateway = gatewayStarter(first.environment)
const { privateKey, publicKey } = newKeyPair()
let one: GatewayProcess
let two: GatewayProcess

interface Lent {
  readonly id: string
  readonly name: string
  readonly port: number
}

async function reserve(some: object = {}): Promise<Lent> {
  const request = { username: 'ann', ssh_keys: [publicKey], ...some }
  const { status, body } = await first.send('POST', '/v1/reservations', request)
  assert.equal(status, 201, JSON.stringify(body))
  const { id, containers } = body as { id: string; containers: { name: string; port: number }[] }
  const [container = assert.fail()] = containers
  return { id, name: container.name, port: container.port }
}

const through = ({ host }: GatewayProcess, { port }: Lent): Promise<Session> =>
  login({ host, port, username: 'ann', privateKey })

/** Returns how long it took, in milliseconds, until the answer and until the session was closed. */
async function releaseOf({ id }: Lent, session: Session, { url } = first): Promise<{ answer: number; cut: number }> {
  const began = performance.now()
  const cut = session.closed.then(() => performance.now() - began)
  const { status } = await fetch(`${url}/v1/reservations/${id}`, { method: 'DELETE' })
  assert.equal(status, 200)
  return { answer: performance.now() - began, cut: await cut }
}

const allReady = () => untilAllReady(first, SIZE)

before(async () => {
  await Promise.all(managers.map((manager) => manager.start()))
  one = await listening(startGateway('127.0.0.2', '--drain', '20s'))
  two = await listening(startGateway('127.0.0.3'))
  await allReady()
})

describe('a session through a gateway before pods', () => {
  it('is closed at every gateway when it is released, with all others that end at once', async (t) => {
    const lents = await Promise.all(Array.from({ length: SIZE }, () => reserve()))
    const sessions = await Promise.all(lents.map((lent, nth) => through(nth % 2 === 0 ? one : two, lent)))
    const times = await Promise.all(lents.map((lent, nth) => releaseOf(lent, sessions[nth] ?? assert.fail(), second)))
    for (const { answer, cut } of times) {
      t.diagnostic(`closed after ${Math.round(cut)} ms, answered after ${Math.round(answer)} ms`)
      assert.ok(Math.max(answer, cut) < WITHIN_MS)
    }
    await allReady()
  })

  it('stays open while both managers and the API server restart, one after another', async () => {
    const lent = await reserve()
    const session = await through(two, lent)
    for (const manager of managers) {
      await manager.interrupt()
      await manager.start()
    }
    await cluster.apiServer.kill()
    await sleep(1_000)
    await cluster.apiServer.start()
    assert.equal((await session.exec('echo goes on')).stdout, 'goes on')
    await eventually(async () => (await fetch(`${first.url}/readyz`)).ok)
    const { cut } = await releaseOf(lent, session)
    assert.ok(cut < WITHIN_MS, `${cut} ms`)
    await allReady()
  })

  it('stays open while its gateway drains, and new ones go through the other gateway', async () => {
    const lent = await reserve()
    const session = await through(one, lent)
    one.child.kill('SIGTERM')
    await eventually(async () => (await banner('127.0.0.2', lent.port)) === '')
    assert.equal((await session.exec('echo goes on')).stdout, 'goes on')
    const other = await through(two, lent)
    const { cut } = await releaseOf(lent, session)
    assert.ok(cut < WITHIN_MS, `${cut} ms`)
    await other.closed
    assert.equal(await one.ended, 0)
    one = await listening(startGateway('127.0.0.2', '--drain', '20s'))
    await allReady()
  })

  it('never reaches the pod that has got the address of another one', async (t) => {
    const lent = await reserve()
    const pod = (await cluster.kubectl('-n', namespace, 'get', 'pods', '-o', 'name'))
      .split('\n')
      .find((line) => line.startsWith(`pod/${lent.name}-g`))
    assert.ok(pod)
    assert.match(await banner('127.0.0.3', lent.port), /^SSH-2.0/)
    // No manager runs that could replace it, so the row stays as it is.
    for (const manager of managers) await manager.kill()
    const [address, node] = (
      await cluster.kubectl('-n', namespace, 'get', pod, '-o', 'jsonpath={.status.podIP} {.spec.nodeName}')
    ).split(' ')
    await cluster.kubectl('-n', namespace, 'delete', pod)
    assert.equal(await banner('127.0.0.3', lent.port), '', 'the pod is gone')
    const run = ['-n', namespace, 'run', 'stranger', '--image=berth/box:latest', '--image-pull-policy=IfNotPresent']
    const overrides = JSON.stringify({ spec: { nodeName: node } })
    await cluster.kubectl(...run, '--restart=Never', `--overrides=${overrides}`)
    const strange = () => cluster.kubectl('-n', namespace, 'get', 'pod', 'stranger', '-o', 'jsonpath={.status.podIP}')
    await eventually(async () => (await strange()) !== '')
    t.diagnostic(`the address was ${address}, and the other pod has ${await strange()}`)
    await eventually(async () => (await banner((await strange()) || '', 22)).startsWith('SSH-2.0'))
    assert.equal(await banner('127.0.0.3', lent.port), '')
    await cluster.kubectl('-n', namespace, 'delete', 'pod', 'stranger')
    await Promise.all(managers.map((manager) => manager.start()))
    await fetch(`${first.url}/v1/reservations/${lent.id}`, { method: 'DELETE' })
    await allReady()
  })
})
