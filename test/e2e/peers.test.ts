/** Peers, from the answer to the next tenant, with crashes in between. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { docker, dockerLines } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { peerAddress, peerNetworks, reservePeers, untilIntroduced } from '../support/engine/peers.ts'
import { login } from '../support/ssh.ts'

/** Maximum time from the answer until peers know each other: one to two seconds on a quiet machine. */
const MAX_CONNECT_MS = 8_000

const manager = await testManager('peers-life', { size: 3, pool: { memory: '128m', reach: 'all' } })
const names = [1, 2, 3].map((number) => `${manager.pool}-${number}`)
const madeByTest: string[] = []

before(async () => {
  await manager.start()
  await manager.untilReady()
})

afterEach(async () => {
  await manager.get('/release_all')
  await manager.untilReady()
})

after(async () => {
  for (const network of madeByTest) await docker('network', 'rm', network).catch(() => undefined)
})

const reserveAll = (username: string) => reservePeers(manager, { pool: manager.pool, username, count: 3 })
const untilNoNetworks = () => eventually(async () => (await peerNetworks(manager)).length === 0)

describe('peers', () => {
  it('know each other soon after the answer', async () => {
    await manager.reserve({ username: 'anna', count: 3, password: 'test' })
    const began = performance.now()
    await untilIntroduced(manager, names)
    assert.ok(performance.now() - began < MAX_CONNECT_MS)
  })

  it('have no network in a reservation of one container', async () => {
    await manager.reserve({ username: 'anna', password: 'test' })
    await manager.get('/v1/containers')
    assert.deepEqual(await peerNetworks(manager), [])
  })

  it('know each other again after one was restarted, and after one was replaced', async () => {
    await reserveAll('anna')
    const [first = '', second = ''] = names
    const address = await peerAddress(first)
    await docker('restart', '--time', '0', first)
    await untilIntroduced(manager, names)
    assert.equal(await peerAddress(first), address)
    await docker('rm', '--force', '--volumes', second)
    await untilIntroduced(manager, names)
  })

  it('come back when the network was removed while one was down', async () => {
    await reserveAll('anna')
    const [network = ''] = await peerNetworks(manager)
    await manager.kill()
    for (const name of names) await docker('kill', name)
    await docker('network', 'rm', network)
    await manager.start()
    await untilIntroduced(manager, names)
  })
})

describe('the next tenant of a slot', () => {
  it('is on no network of the former peers, which is gone, and finds nothing of them in /etc/hosts', async () => {
    const former = await reserveAll('anna')
    await manager.get('/release_all')
    await manager.untilReady()
    await untilNoNetworks()
    const { containers } = await manager.reserve({ username: 'bert', password: 'test' })
    const [only] = containers
    const session = await login({ port: only?.port ?? 0, username: 'bert', password: 'test' })
    assert.equal((await session.exec('ls /sys/class/net')).stdout.split(/\s+/).toSorted().join(' '), 'eth0 lo')
    const hosts = (await session.exec('cat /etc/hosts')).stdout
    for (const { address, name } of former.slice(1)) assert.ok(!hosts.includes(address) && !hosts.includes(name), hosts)
    session.close()
  })
})

describe('after a SIGKILL', () => {
  it('between making the network and connecting its members, the next manager connects them', async () => {
    await manager.reserve({ username: 'anna', count: 3, password: 'test' })
    await eventually(async () => (await peerNetworks(manager)).length > 0)
    await manager.kill()
    await manager.start()
    await untilIntroduced(manager, names)
    assert.equal((await peerNetworks(manager)).length, 1)
  })

  it('a network without a reservation is removed, and one of another database stays', async () => {
    const [own = ''] = await dockerLines(
      'inspect',
      '--format',
      '{{index .Config.Labels "berth.database"}}',
      names[0] ?? '',
    )
    await manager.kill()
    const make = async (name: string, database: string, subnet: string) => {
      const labels = [`berth.instance=${manager.instance}`, `berth.peers=${name}`, `berth.database=${database}`]
      const flags = labels.flatMap((label) => ['--label', label])
      const network = `berth-${manager.instance}-peers-${name}`
      madeByTest.push(network)
      await docker('network', 'create', '--internal', '--subnet', subnet, ...flags, network)
      return network
    }
    await make('left', own, '10.214.0.0/28')
    const theirs = await make('theirs', '00000000-0000-4000-8000-000000000000', '10.214.0.16/28')
    await manager.start()
    await eventually(async () => (await peerNetworks(manager)).join() === theirs)
    await docker('network', 'rm', theirs)
  })
})
