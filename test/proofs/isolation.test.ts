/** What a tenant who is root inside can get at, tried from an SSH session. Whatever must not answer is shown to answer to others. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { REACHES, type Reach } from '../../src/core/container.ts'
import { tableName } from '../../src/engine/docker/guard-spec.ts'
import { docker } from '../support/docker.ts'
import { eventually } from '../support/eventually.ts'
import { openNeighbour } from '../support/netns.ts'
import { reachedBy, reachedFromHere, type Target } from '../support/probing.ts'
import { tried } from '../support/proof.ts'
import { type Reaches, testReaches } from '../support/reaches.ts'

const METADATA = '169.254.169.254'
/** TEST-NET-2: an address of the world, as far as this machine's routes go. */
const OUTSIDE = '198.51.100.1'
const GUARDED = ['internet', 'none'] as const
const NEIGHBOURS_PORT = 8000

const site = testReaches('isolation')
let there: Reaches
let servicePort = 0
const closing: (() => unknown)[] = []

after(async () => {
  for (const close of closing) await close()
})

before(async () => {
  servicePort = await serveTheWholeMachine()
  closing.push(await openNeighbour([METADATA, OUTSIDE], [53, 80]))
  there = await site.open()
  for (const { name } of there.places)
    await docker('exec', '--detach', name, 'python3', '-m', 'http.server', `${NEIGHBOURS_PORT}`)
  // The engine answers when Python has begun, which is before it listens.
  const services = there.places.map(({ address }): Target => `tcp ${address} ${NEIGHBOURS_PORT}`)
  await eventually(async () => (await reachedFromHere(services)).length === services.length)
})

/** One TCP and one UDP service on every address of this machine, with the same port. */
async function serveTheWholeMachine(): Promise<number> {
  const tcp = createServer((socket) => socket.on('error', () => undefined).end('hello')).listen(0, '0.0.0.0')
  await once(tcp, 'listening')
  const { port } = tcp.address() as AddressInfo
  const udp = createSocket('udp4')
  udp.on('message', (_, from) => udp.send('hello', from.port, from.address)).bind(port, '0.0.0.0')
  closing.push(
    () => tcp.close(),
    () => udp.close(),
  )
  return port
}

describe('a tenant with sudo', () => {
  it('A tenant reaches no other container, of the same pool or of another, whatever its pool may reach', async (t) => {
    const cases = REACHES.map(async (reach) => {
      const own = there.places.find((place) => place.reach === reach)
      const others = there.places.filter((place) => place !== own)
      const targets = others.flatMap(({ address }): Target[] => [
        `tcp ${address} 22`,
        `tcp ${address} ${NEIGHBOURS_PORT}`,
        `icmp ${address}`,
      ])
      assert.deepEqual(await reachedFromHere(targets), targets, 'they are there')
      assert.deepEqual(await reachedBy(there.tenants[reach], targets), [], `reached with reach: ${reach}`)
      return targets.length
    })
    tried(t, sum(await Promise.all(cases)), 'ways to other containers')
  })

  it("A tenant reaches nothing of the host: no service, not Berth's API, no other tenant's SSH port on its addresses", async (t) => {
    const own = there.hostAddresses.flatMap((host): Target[] => [
      `hello ${host} ${servicePort}`,
      `udp ${host} ${servicePort}`,
      `icmp ${host}`,
      `tcp ${host} ${there.apiPort}`,
    ])
    const [, neighbour] = there.places.filter((place) => place.reach === 'all')
    const published = there.hostAddresses.map((host): Target => `tcp ${host} ${neighbour?.sshPort ?? 0}`)
    assert.deepEqual(await reachedBy(there.tenants.all, [...own, ...published]), [...own, ...published], 'all')
    const cases = GUARDED.map(async (reach) => {
      const ports = there.places.map((place) => place.sshPort)
      const ssh = there.hostAddresses.flatMap((host) => ports.map((port): Target => `tcp ${host} ${port}`))
      assert.deepEqual(await reachedFromHere(ssh), ssh, 'they are there')
      assert.deepEqual(await reachedBy(there.tenants[reach], [...own, ...ssh]), [], `reached with reach: ${reach}`)
      return own.length + ssh.length
    })
    tried(t, sum(await Promise.all(cases)), 'ways to the host')
  })

  it('A tenant reaches no cloud metadata and the rest of the internet, or with reach: none nothing at all', async (t) => {
    const metadata: Target = `hello ${METADATA} 80`
    // Name servers of some clouds are at a link-local address.
    const names: Target = `hello ${METADATA} 53`
    const outside: Target = `hello ${OUTSIDE} 80`
    const targets = [metadata, names, outside]
    assert.deepEqual(await reachedBy(there.tenants.all, targets), targets)
    assert.deepEqual(await reachedBy(there.tenants.internet, targets), [names, outside])
    assert.deepEqual(await reachedBy(there.tenants.none, targets), [])
    tried(t, targets.length * REACHES.length, 'ways outside')
  })

  it('With reach: none not even names are asked for outside', async (t) => {
    // A name that this machine can look up, or the image could not have been built.
    const find = "grep -rhoE 'https?://[^/ ]+' /etc/apt /etc/apk/repositories 2>/dev/null | head -1"
    const name = (await there.tenants.internet.exec(find)).stdout.replace(/^https?:\/\/|:\d+$/g, '')
    const lookUp = (reach: Reach) => there.tenants[reach].exec(`getent hosts ${name}`)
    assert.match((await lookUp('internet')).stdout, /\w+ +\S+/)
    assert.deepEqual(await lookUp('none'), { code: 2, stdout: '', stderr: '' })
    tried(t, 1, 'names')
  })
})

describe('the guard', () => {
  const guard = () => `berth-guard-${there.manager.instance}`
  const idOf = (container: string) => docker('inspect', '--format', '{{.Id}} {{.State.Running}}', container)

  it('A guard that somebody removes or stops comes back by itself; removed, its rules hold meanwhile', async (t) => {
    const service: Target = `hello ${there.hostAddresses[0] ?? ''} ${servicePort}`
    const first = await idOf(guard())
    await docker('rm', '--force', guard())
    assert.deepEqual(await reachedBy(there.tenants.internet, [service]), [])
    await eventually(async () => (await idOf(guard())).endsWith('true'))
    assert.notEqual(await idOf(guard()), first)
    await docker('stop', guard())
    await eventually(async () => (await idOf(guard())).endsWith('true'))
    assert.deepEqual(await reachedBy(there.tenants.internet, [service]), [])
    assert.deepEqual(await reachedBy(there.tenants.all, [service]), [service])
    tried(t, 2, 'ways to lose it')
  })

  it('Rules that somebody flushed come back in seconds, and cut off whoever got through meanwhile', async (t) => {
    const chatty = createServer((socket) => {
      const talking = setInterval(() => socket.write('hello'), 50)
      socket.on('error', () => undefined).on('close', () => clearInterval(talking))
    }).listen(0, '0.0.0.0')
    await once(chatty, 'listening')
    // While it is paused it cannot notice.
    await docker('pause', guard())
    await flush(there.manager.instance)
    const listening = there.tenants.internet.exec(
      `python3 -c '${LISTEN_UNTIL_CUT}' ${there.hostAddresses[0]} ${(chatty.address() as AddressInfo).port}`,
    )
    const [here]: Socket[] = await once(chatty, 'connection')
    closing.push(
      () => here?.destroy(),
      () => chatty.close(),
    )
    await docker('unpause', guard())
    assert.equal((await listening).stdout, 'connected and cut')
    tried(t, 1, 'connections')
  })
})

const LISTEN_UNTIL_CUT = `
import socket, sys, time
end = time.monotonic() + 20
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)
assert s.recv(5) == b"hello"
try:
    while s.recv(99) and time.monotonic() < end: pass
    print("connected still")
except ConnectionResetError: print("connected and cut")
`

/** As `nft flush ruleset` would, but for the tables of others. */
async function flush(instance: string): Promise<void> {
  const nft = ['--rm', '--network', 'host', '--cap-add', 'NET_ADMIN', '--entrypoint', 'nft', 'berth/alpine']
  await docker('run', ...nft, 'delete', 'table', 'inet', tableName(instance))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
