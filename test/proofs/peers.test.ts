/** What the containers of one reservation open to each other, and to nothing else. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { tableName } from '../../src/engine/docker/firewall/rules.ts'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { tried } from '../../lab/proof.ts'
import { interfaceOf, ownAddress, type Peer, peerNetworks, reservePeers } from '../support/engine/peers.ts'
import { reachedBy, reachedFromHere, type Target } from '../support/engine/probing.ts'
import { trackedConnections, withChangedRules } from '../support/engine/without-rules.ts'

const PORT = 8000
const DATAGRAMS = 3_000
const METADATA = '169.254.169.254'

const image = 'berth/box'
const memory = '128m'
const manager = await testManager('peers', {
  size: 4,
  pool: { memory, reach: 'all' },
  further: {
    '-none': { size: 2, image, memory, reach: 'none' },
    '-internet': { size: 2, image, memory, reach: 'internet' },
    '-apart': { size: 2, image, memory, reach: 'all', reach_peers: false },
  },
})
/** Reservations whose containers are connected: two of one pool, one of each other reach. */
let together: Peer[][] = []
/** A reservation whose pool keeps its containers apart. */
let apart: Peer[] = []
const received = { datagrams: 0 }
const service = createSocket('udp4').on('message', () => (received.datagrams += 1))

before(async () => {
  service.bind(0, '0.0.0.0')
  await once(service, 'listening')
  await manager.start()
  await manager.untilReady()
  const reserve = (username: string, suffix = '') => reservePeers(manager, { username, pool: manager.pool + suffix })
  together = await Promise.all([
    reserve('anna'),
    reserve('bert'),
    reserve('nora', '-none'),
    reserve('ida', '-internet'),
  ])
  apart = await reservePeers(manager, { username: 'alone', pool: `${manager.pool}-apart`, isApart: true })
  for (const { name } of [...together.flat(), ...apart])
    await docker('exec', '--detach', name, 'python3', '-c', SAY_HELLO, `${PORT}`)
  const services = [...together.flat(), ...apart].map(async ({ name }): Promise<Target> => {
    return `hello ${await ownAddress(name)} ${PORT}`
  })
  const targets = await Promise.all(services)
  await eventually(async () => (await reachedFromHere(targets)).length === targets.length)
})

after(() => {
  service.close()
  for (const { session } of [...together.flat(), ...apart]) session.close()
})

/** Returns targets that only our own programs answer: a network around this machine may accept any connection. */
const waysTo = (host: string): Target[] => [`hello ${host} ${PORT}`, `udp ${host} ${PORT}`]
/** The same with sshd and ping, where nothing outside can answer: for a peer, or bound to the peers' interface. */
const allWaysTo = (host: string): Target[] => [...waysTo(host), `tcp ${host} 22`, `icmp ${host}`]

it('The containers of one reservation reach each other by name, on any port, with any reach', async (t) => {
  let cases = 0
  for (const [one, two] of together) {
    assert.ok(one && two)
    for (const [from, to] of [
      [one, two],
      [two, one],
    ] as const) {
      const targets = [...allWaysTo(to.name), ...allWaysTo(to.address)]
      assert.deepEqual(await reachedBy(from.session, targets), targets, `${from.name} to ${to.name}`)
      cases += targets.length
    }
  }
  tried(t, cases, 'ways to a peer')
})

it('A container reaches none of another reservation, at no address, by no name and through no interface', async (t) => {
  let cases = 0
  for (const [from] of together) {
    assert.ok(from)
    const others = [...together.filter((peers) => !peers.includes(from)).flat(), ...apart]
    const own = await Promise.all(others.map(({ name }) => ownAddress(name)))
    const addresses = [...others.map(({ address }) => address), ...own].filter((address) => address !== '')
    const hosts = [...addresses, ...others.map(({ name }) => name)]
    assert.deepEqual(await reachedBy(from.session, hosts.flatMap(waysTo)), [], from.name)
    const bound = hosts.flatMap(allWaysTo)
    assert.deepEqual(await reachedBy(from.session, bound, await interfaceOf(from)), [], `${from.name}, bound`)
    cases += hosts.flatMap(waysTo).length + bound.length
  }
  tried(t, cases, 'ways to other reservations')
})

it('Containers of a pool with reach_peers: false do not reach each other', async (t) => {
  const [one, two] = apart
  assert.ok(one && two)
  assert.deepEqual([one.address, two.address], ['', ''])
  assert.equal((await peerNetworks(manager)).length, together.length)
  const targets = waysTo(await ownAddress(two.name))
  assert.deepEqual(await reachedBy(one.session, targets), [])
  tried(t, targets.length, 'ways to a container of the same reservation')
})

it('The network of a reservation leads neither to the host nor anywhere else, and the host does not reach it', async (t) => {
  const hosts = Object.values(networkInterfaces()).flatMap((all = []) => all.filter((a) => a.family === 'IPv4'))
  const addresses = hosts.map(({ address }) => address).filter((address) => !address.startsWith('127.'))
  const { port } = service.address()
  const published = (await manager.get<{ containers: { port: number }[] }>('/v1/containers')).body.containers
  const targets = [...addresses, METADATA].flatMap((host): Target[] => [
    `tcp ${host} 22`,
    `udp ${host} ${port}`,
    `icmp ${host}`,
    ...published.map((container): Target => `tcp ${host} ${container.port}`),
  ])
  let cases = 0
  for (const [from] of together) {
    assert.ok(from)
    received.datagrams = 0
    assert.deepEqual(await reachedBy(from.session, targets, await interfaceOf(from)), [], from.name)
    assert.equal(received.datagrams, 0)
    cases += targets.length
  }
  const peers = together.flat().flatMap(({ address }) => waysTo(address))
  assert.deepEqual(await reachedFromHere(peers), [])
  tried(t, cases + peers.length, 'ways out of a network, and in')
})

it('The network of a reservation changes neither the routes nor the name server of its containers', async (t) => {
  const look = 'ip route show default; cat /etc/resolv.conf'
  const [plain] = apart
  for (const [{ session } = assert.fail()] of together.slice(0, 2)) {
    assert.equal((await session.exec(look)).stdout, (await plain?.session.exec(look))?.stdout)
    assert.deepEqual(await reachedBy(session, ['udp 127.0.0.11 53', 'tcp 127.0.0.11 53']), [])
  }
  tried(t, 2, 'containers')
})

it("Connections among peers take no place in the kernel's table of connections", async (t) => {
  const [one, two] = together[0] ?? []
  assert.ok(one && two)
  const flood = async () => {
    const already = await trackedConnections('udp', two.address)
    await one.session.exec(`python3 -c '${SEND}' ${two.address} ${DATAGRAMS}`)
    return (await trackedConnections('udp', two.address)) - already
  }
  assert.equal(await flood(), 0)
  const instance = manager.instance
  const chain = `inet ${tableName(instance)} between_peers_untracked`
  const restored = async () => (await firewallChain('between_peers_untracked')).includes('notrack')
  const tracked = await withChangedRules({ docker, instance, changes: `flush chain ${chain}`, restored }, flood)
  assert.ok(tracked > DATAGRAMS / 2, `without the rule, ${tracked} are tracked`)
  tried(t, DATAGRAMS, 'datagrams')
})

it('Without its rule, datagrams arrive at the host from the network of a reservation', async () => {
  const [one] = together[0] ?? []
  const host = Object.values(networkInterfaces()).flatMap((all = []) => all.filter((a) => !a.internal))[0]?.address
  assert.ok(one && host)
  const target: Target = `udp ${host} ${service.address().port}`
  const device = await interfaceOf(one)
  const changes = `flush chain inet ${tableName(manager.instance)} from_peers_to_host`
  const restored = async () => (await firewallChain('from_peers_to_host')).includes('drop')
  received.datagrams = 0
  await withChangedRules({ docker, instance: manager.instance, changes, restored }, async () => {
    await reachedBy(one.session, [target], device)
    await sleep(200)
  })
  assert.ok(received.datagrams > 0)
})

async function firewallChain(name: string): Promise<string> {
  const rules = ['nft', 'list', 'chain', 'inet', tableName(manager.instance), name]
  return docker('exec', `berth-guard-${manager.instance}`, ...rules)
}

const SAY_HELLO = `
import socket, sys, threading
where = ("0.0.0.0", int(sys.argv[1]))
def answer():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(where)
    while True: s.sendto(b"hello", s.recvfrom(99)[1])
threading.Thread(target=answer).start()
listener = socket.create_server(where)
while True:
    client = listener.accept()[0]
    client.send(b"hello")
    client.close()
`

const SEND = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(int(sys.argv[2])):
    try: s.sendto(b"x", (sys.argv[1], 10000 + n))
    except OSError: pass
`
