/** Managers that lend pods: what tenants keep while parts of the cluster fail. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../lab/eventually.ts'
import type { TestManager } from '../../lab/manager.ts'
import type { Berth } from '../support/manager/berth.ts'
import { sharedCluster } from './support/bed.ts'
import { managersOn, openSession, tenantOf, untilAllReady } from './support/managers.ts'

const SIZE = 3
/** Latest time after the end of a reservation at which its session may still say that it lives, on a busy machine. */
const MAX_LATE_MS = 2_000

const cluster = await sharedCluster()
const { managers, namespace } = await managersOn(cluster, 'lend', { size: SIZE, count: 2 })
const [first, second] = managers as [TestManager, TestManager]
const alice = tenantOf(first)
const bob = tenantOf(second)

interface Shown {
  readonly id: string
  readonly containers: readonly { readonly name: string; readonly generation: number }[]
}

async function reserve(berth: Berth, duration = '10m'): Promise<{ id: string; container: string }> {
  const { id, containers } = await berth.json<Shown>('reserve', '--for', duration, '--wait', '90s')
  return { id, container: containers[0]?.name ?? '' }
}

const allReady = () => untilAllReady(first, SIZE)

before(async () => {
  for (const manager of managers) await manager.start()
  await allReady()
})

describe('a reservation of pods', () => {
  it('is logged in to through either manager, and its session ends with it', async () => {
    const { id, container } = await reserve(alice)
    const whoami = await alice.run('ssh', container, '--', 'id -un; hostname')
    assert.deepEqual([whoami.code, whoami.stdout], [0, `user\n${container}\n`], whoami.stderr)
    const session = await openSession(alice, container)
    const begin = performance.now()
    assert.equal((await bob.run('release', id)).code, 0)
    await session.ended
    assert.ok(session.heardAt() - begin < MAX_LATE_MS, `${session.heardAt() - begin} ms`)
    await allReady()
  })

  it('has its session commands inside', async () => {
    const { container } = await reserve(alice)
    const { stdout } = await alice.run('ssh', container, '--', 'extend 10m && time-left')
    assert.match(stdout, /^Extended until .*19 min left/)
    // The session ends before the command has, so its exit code says nothing.
    await alice.run('ssh', container, '--', 'release --yes')
    await eventually(async () => (await alice.json<{ reservations: object[] }>('ls')).reservations.length === 0)
    await allReady()
  })

  it('is reached by peers under their names', async () => {
    const { id, containers } = await alice.json<Shown>('reserve', '--count', '2', '--wait', '90s')
    const [one = '', two = ''] = containers.map(({ name }) => name)
    const knock = `for _ in $(seq 50); do timeout 1 bash -c 'exec 3<>/dev/tcp/${two}/22' && exit; sleep 0.2; done; exit 1`
    const { code, stderr } = await alice.run('ssh', one, '--', knock)
    assert.equal(code, 0, stderr)
    await alice.run('release', id)
    await allReady()
  })

  it('stays open and ends on time while the API server is killed and comes back', async () => {
    const { container } = await reserve(alice)
    const session = await openSession(alice, container)
    await cluster.apiServer.kill()
    const attempt = await bob.run('reserve')
    assert.notEqual(attempt.code, 0)
    assert.match(attempt.stderr, /Kubernetes|engine/)
    const silence = performance.now()
    await sleep(1_000)
    assert.ok(session.heardAt() > silence, 'the session lives without the API server')
    await cluster.apiServer.start()
    const again = await reserve(bob)
    assert.equal((await bob.run('ssh', again.container, '--', 'grep -c ^user: /etc/passwd')).stdout, '1\n')
    assert.ok(performance.now() - session.heardAt() < 1_000)
    await cluster.apiServer.kill()
    const released = bob.run('release', '--all')
    await sleep(500)
    await cluster.apiServer.start()
    await released
    await session.ended
    await allReady()
  })

  it('survives the death of the manager that it does not go through', async () => {
    const { container } = await reserve(alice)
    const session = await openSession(alice, container)
    await second.kill()
    await second.start()
    await sleep(500)
    assert.ok(performance.now() - session.heardAt() < 1_000)
    await alice.run('release', '--all')
    await session.ended
    await allReady()
  })
})

describe('a node', () => {
  it('that is drained keeps what is held, and loses what is free', async () => {
    const { container } = await reserve(alice)
    const pods = async () => {
      const format = '{range .items[*]}{.metadata.name} {.spec.nodeName} {.metadata.labels.berth\\.held}{"\\n"}{end}'
      return (await cluster.kubectl('-n', namespace, 'get', 'pods', '-o', `jsonpath=${format}`)).trim().split('\n')
    }
    const held = (await pods()).find((line) => line.startsWith(`${container}-g`)) ?? assert.fail()
    const [, node = ''] = held.split(' ')
    const drain = ['drain', node, '--force', '--delete-emptydir-data', '--timeout=3s']
    await assert.rejects(cluster.kubectl(...drain), /disruption budget|timeout/)
    try {
      const left = (await pods()).filter((line) => line.includes(` ${node} `))
      assert.deepEqual(left, [held])
      assert.equal((await alice.run('ssh', container, '--', 'true')).code, 0)
    } finally {
      await cluster.kubectl('uncordon', node)
    }
    await alice.run('release', '--all')
    await allReady()
  })

  it('that is cut off loses what is held: it is replaced elsewhere, and the old pod ends when the node is back', async () => {
    const { id, container } = await reserve(alice, '20m')
    const shown = () => alice.json<Shown>('show', id)
    const generation = (await shown()).containers[0]?.generation ?? 0
    const lostPod = `${container}-g${generation}`
    const name = await cluster.kubectl('-n', namespace, 'get', 'pod', lostPod, '-o', 'jsonpath={.spec.nodeName}')
    const node = cluster.nodes.find((each) => each.name === name) ?? assert.fail()
    const isRunningThere = async () => (await node.runningContainers()).some((each) => each.includes(lostPod))
    assert.ok(await isRunningThere())
    await node.setCable('down')
    try {
      // A node counts as lost a minute after Kubernetes has noticed.
      await eventually(async () => (await shown()).containers[0]?.generation === generation + 1, 150_000)
      await eventually(async () => (await alice.run('ssh', container, '--', 'true')).code === 0, 60_000)
      assert.ok(await isRunningThere(), 'it is unknown there, not gone')
    } finally {
      await node.setCable('up')
    }
    await eventually(async () => !(await isRunningThere()), 60_000)
    assert.equal((await shown()).containers[0]?.generation, generation + 1)
    await alice.run('release', '--all')
    await allReady()
  })
})
