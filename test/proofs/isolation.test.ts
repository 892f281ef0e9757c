/**
 * What a tenant who is root inside can reach, tried from an SSH session. Each target that must not answer is shown to
 * answer other clients.
 */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { REACHES, type Reach } from '../../src/domain/container.ts'
import { tableName } from '../../src/engine/docker/firewall/rules.ts'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { networkName } from '../../src/engine/docker/network/spec.ts'
import { openNeighbour } from '../support/engine/netns.ts'
import { reachedBy, reachedFromHere, type Target } from '../support/engine/probing.ts'
import { tried } from '../../lab/proof.ts'
import { type Reaches, testReaches } from '../support/engine/reaches.ts'
import { pauseFirewall } from '../support/engine/without-rules.ts'

/** Of AWS and most others, of Azure, Alibaba, Volcengine and Oracle. */
const METADATA = ['169.254.169.254', '169.254.170.2', '168.63.129.16', '100.100.100.200', '100.96.0.96', '192.0.0.192']
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
  closing.push(await openNeighbour([...METADATA, OUTSIDE], [53, 80]))
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
  it('A tenant reaches no other container, of the same pool or of another, with any reach', async (t) => {
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

  it('A tenant reaches the internet without cloud metadata, or with reach: none nothing at all', async (t) => {
    const metadata = METADATA.map((address): Target => `hello ${address} 80`)
    // Some of them are name servers, too.
    const names = METADATA.map((address): Target => `hello ${address} 53`)
    const outside: Target = `hello ${OUTSIDE} 80`
    const targets = [...metadata, ...names, outside]
    assert.deepEqual(await reachedBy(there.tenants.all, targets), targets)
    assert.deepEqual(await reachedBy(there.tenants.internet, targets), [...names, outside])
    assert.deepEqual(await reachedBy(there.tenants.none, targets), [])
    tried(t, targets.length * REACHES.length, 'ways outside')
  })

  it('With reach: none, a tenant cannot resolve names outside', async (t) => {
    // A name that this machine can look up, or the image could not have been built.
    const find = "grep -rhoE 'https?://[^/ ]+' /etc/apt /etc/apk/repositories 2>/dev/null | head -1"
    const name = (await there.tenants.internet.exec(find)).stdout.replace(/^https?:\/\/|:\d+$/g, '')
    const lookUp = (reach: Reach) => there.tenants[reach].exec(`getent hosts ${name}`)
    assert.match((await lookUp('internet')).stdout, /\w+ +\S+/)
    assert.deepEqual(await lookUp('none'), { code: 2, stdout: '', stderr: '' })
    tried(t, 1, 'names')
  })
})

describe('names', () => {
  it('A tenant can resolve its own name and names outside, but no name or address of a neighbour', async (t) => {
    const cases = REACHES.map(async (reach) => {
      const [own, neighbour] = there.places.filter((place) => place.reach === reach)
      assert.ok(own && neighbour)
      const ask = `python3 -c '${ASK_DOCKER}' ${neighbour.name} ${neighbour.address}; getent hosts ${neighbour.name}; true`
      const told = (output: string) => output.includes(neighbour.address) || output.includes(neighbour.name)
      const { stdout } = await there.tenants[reach].exec(ask)
      assert.equal(told(stdout), await tellsNames(), `${reach}: ${stdout}`)
      assert.match((await there.tenants[reach].exec(`getent hosts ${own.name}`)).stdout, RegExp(own.address))
      const network = networkName(there.manager.instance, reach)
      const plain = await docker('run', '--rm', '--network', network, '--entrypoint', 'sh', 'berth/box', '-c', ask)
      assert.ok(told(plain), 'a container that Docker serves names is told')
      return 3
    })
    tried(t, sum(await Promise.all(cases)), 'ways to ask for a neighbour')
  })
})

describe('the firewall', () => {
  const firewall = () => `berth-guard-${there.manager.instance}`
  const idOf = (container: string) => docker('inspect', '--format', '{{.Id}} {{.State.Running}}', container)

  it('A firewall that was removed or stopped comes back by itself; while it is removed, its rules hold', async (t) => {
    const service: Target = `hello ${there.hostAddresses[0] ?? ''} ${servicePort}`
    const first = await idOf(firewall())
    await docker('rm', '--force', firewall())
    assert.deepEqual(await reachedBy(there.tenants.internet, [service]), [])
    await eventually(async () => (await idOf(firewall())).endsWith('true'))
    assert.notEqual(await idOf(firewall()), first)
    await docker('stop', firewall())
    await eventually(async () => (await idOf(firewall())).endsWith('true'))
    assert.deepEqual(await reachedBy(there.tenants.internet, [service]), [])
    assert.deepEqual(await reachedBy(there.tenants.all, [service]), [service])
    tried(t, 2, 'ways to lose it')
  })

  it('Flushed rules come back in seconds, and end connections that were opened in between', async (t) => {
    const chatty = createServer((socket) => {
      const talking = setInterval(() => socket.write('hello'), 50)
      socket.on('error', () => undefined).on('close', () => clearInterval(talking))
    }).listen(0, '0.0.0.0')
    await once(chatty, 'listening')
    await pauseFirewall(docker, there.manager.instance)
    await flush(there.manager.instance)
    const listening = there.tenants.internet.exec(
      `python3 -c '${LISTEN_UNTIL_CUT}' ${there.hostAddresses[0]} ${(chatty.address() as AddressInfo).port}`,
    )
    const [here]: Socket[] = await once(chatty, 'connection')
    closing.push(
      () => here?.destroy(),
      () => chatty.close(),
    )
    await docker('unpause', firewall())
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

/** Docker's name server: for the address of a name, and for the name of an address. Prints what is told. */
const ASK_DOCKER = `
import socket, struct, sys
def ask(name, kind):
    labels = b"".join(bytes([len(p)]) + p.encode() for p in name.split("."))
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(2)
    try:
        s.connect(("127.0.0.11", 53))
        s.send(struct.pack("!6H", 7, 256, 1, 0, 0, 0) + labels + bytes([0]) + struct.pack("!2H", kind, 1))
        answer = s.recv(512)
        if answer[7]: return answer
    except OSError: pass
answer = ask(sys.argv[1], 1)
if answer: print(socket.inet_ntoa(answer[-4:]))
answer = ask(".".join(reversed(sys.argv[2].split("."))) + ".in-addr.arpa", 12)
if answer: print(answer.replace(bytes([len(sys.argv[1])]), b" "))
`

/** What docs/security.md says of newer engines. */
async function tellsNames(): Promise<boolean> {
  return Number.parseInt(await docker('version', '--format', '{{.Server.Version}}'), 10) >= 27
}

/** As `nft flush ruleset` would, but for the tables of others. */
async function flush(instance: string): Promise<void> {
  const nft = ['--rm', '--network', 'host', '--cap-add', 'NET_ADMIN', '--entrypoint', 'nft', 'berth/box']
  await docker('run', ...nft, 'delete', 'table', 'inet', tableName(instance))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
