/** Maintenance of nodes and managers: drains and restarts that tenants must not notice. */
import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { eventually } from '../../lab/eventually.ts'
import { type GatewayProcess, listening } from '../../lab/gateway.ts'
import { newKeyPair } from '../../lab/key-pair.ts'
import type { TestManager } from '../../lab/manager.ts'
import { gatewayStarter } from '../support/gateway/alone.ts'
import { login, type Session } from '../support/ssh.ts'
import { sharedCluster } from './support/bed.ts'
import { managersOn, podsOf, untilAllReady } from './support/managers.ts'

const SIZE = 10
const HOSTS = ['127.0.0.2', '127.0.0.3'] as const

const cluster = await sharedCluster()
const { managers, namespace } = await managersOn(cluster, 'upkeep', {
  size: SIZE,
  count: 3,
  top: { ssh: { host: HOSTS[0], gateway: { listen: HOSTS[0], alone: true } } },
})
const [first] = managers as [TestManager]
const startGateway = gatewayStarter(first.environment)
const { privateKey, publicKey } = newKeyPair()
let gateways: readonly GatewayProcess[] = []

interface View {
  readonly id: string
  readonly state: string
  readonly queue: { readonly position: number } | null
  readonly containers: readonly { readonly name: string; readonly port: number; readonly generation: number }[]
}

/** Reserves a container, or waits in the queue. */
async function reserve(wait = '0'): Promise<View> {
  const request = { username: 'ann', ssh_keys: [publicKey], ...(wait !== '0' && { wait }) }
  const { status, body } = await first.send('POST', '/v1/reservations', request)
  assert.equal(status, wait === '0' ? 201 : 202, JSON.stringify(body))
  return body as View
}

const show = async ({ id }: View) => (await first.get<View>(`/v1/reservations/${id}`)).body

async function release({ id }: View): Promise<void> {
  const { status } = await fetch(`${first.url}/v1/reservations/${id}`, { method: 'DELETE' })
  assert.equal(status, 200)
}

async function nodeOf({ containers: [container = assert.fail()] }: View): Promise<string> {
  const pods = await podsOf(cluster, namespace)
  return pods.find(({ name }) => name === `${container.name}-g${container.generation}`)?.node ?? ''
}

function openSession({ containers: [container = assert.fail()] }: View, { host }: GatewayProcess): Promise<Session> {
  return login({ host, port: container.port, username: 'ann', privateKey })
}

/** Reserves all containers, and opens a session to each, through both gateways in turn. */
async function openAll(): Promise<{ readonly views: readonly View[]; readonly sessions: readonly Session[] }> {
  const views: View[] = []
  for (let nth = 0; nth < SIZE; nth += 1) views.push(await reserve())
  const sessions = await Promise.all(views.map((view, nth) => openSession(view, gateways[nth % 2] ?? assert.fail())))
  return { views, sessions }
}

async function assertOpen(sessions: readonly Session[]): Promise<void> {
  const answers = await Promise.all(sessions.map((session) => session.exec('echo still open')))
  assert.deepEqual(
    answers.map(({ stdout }) => stdout),
    sessions.map(() => 'still open'),
  )
}

const allReady = () => untilAllReady(first, SIZE)

before(async () => {
  await Promise.all(managers.map((manager) => manager.start()))
  gateways = await Promise.all(HOSTS.map((host) => listening(startGateway(host))))
  await allReady()
})

it(`${SIZE} sessions stay open while three managers restart one after another`, async () => {
  const { views, sessions } = await openAll()
  for (const manager of managers) {
    await manager.interrupt()
    await assertOpen(sessions)
    await manager.start()
    await eventually(async () => (await fetch(`${manager.url}/readyz`)).ok)
    const { body } = await manager.get<View>(`/v1/reservations/${views[0]?.id}`)
    assert.equal(body.state, 'active')
  }
  await assertOpen(sessions)
  await Promise.all(views.map(release))
  await Promise.all(sessions.map(({ closed }) => closed))
  await allReady()
})

it('a drain waits for held containers, and queued requests get containers on another node', async (t) => {
  const { views, sessions } = await openAll()
  const waiting = [await reserve('5m'), await reserve('5m')]
  const drained = await nodeOf(views[0] ?? assert.fail())
  const isThere = await Promise.all(views.map(async (view) => (await nodeOf(view)) === drained))
  const there = views.filter((_, nth) => isThere[nth])
  const elsewhere = views.filter((_, nth) => !isThere[nth])
  t.diagnostic(`${there.length} of ${SIZE} containers are on the node that is drained`)
  const draining = cluster.kubectl('drain', drained, '--force', '--delete-emptydir-data', '--timeout=200s')
  try {
    await eventually(async () => (await cluster.kubectl('get', 'node', drained)).includes('SchedulingDisabled'))
    await assertOpen(sessions)
    for (const [nth, view] of there.entries()) {
      await release(view)
      const next = waiting[nth]
      if (next === undefined) continue
      await eventually(async () => (await show(next)).state === 'active', 60_000)
      assert.notEqual(await nodeOf(await show(next)), drained)
      const { queue } = await show(waiting[1] ?? assert.fail())
      assert.equal(queue?.position ?? null, nth === 0 ? 1 : null)
    }
    await draining
    const left = (await podsOf(cluster, namespace)).filter(({ node }) => node === drained)
    assert.deepEqual(left, [])
    await assertOpen(sessions.filter((_, nth) => !isThere[nth]))
  } finally {
    await cluster.kubectl('uncordon', drained)
  }
  await Promise.all([...elsewhere, ...waiting].map(release))
  await allReady()
})
