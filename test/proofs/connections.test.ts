/** The kernel's table of connections, which the host and all containers share: one tenant cannot fill it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, it } from 'node:test'
import { promisify } from 'node:util'
import { connectionsName, firewallRules } from '../../src/engine/docker/firewall/rules.ts'
import { docker } from '../../lab/docker.ts'
import { testManager } from '../../lab/manager.ts'
import { NEIGHBOUR, openNeighbour, THIS_HOST } from '../support/engine/netns.ts'
import { tried } from '../../lab/proof.ts'
import { type Session, login } from '../support/ssh.ts'
import { trackedConnections, withChangedRules } from '../support/engine/without-rules.ts'

const run = promisify(execFile)
const OUTSIDE = '198.51.100.4'
/** Routed to the neighbour, who does not have it: connections from there are never completed, nor refused. */
const SILENT = '198.51.100.5'
const DATAGRAMS = 8_000
const CLOSED = 6_000
/** What the rules let through at once, and then in each second. */
const [AT_ONCE, PER_SECOND] = [1_000, 100]
/** Maximum difference between a token bucket and a clock, in seconds. */
const SLACK = 3
const SMALL_LIMIT = 50

const manager = await testManager('connections', {
  size: 2,
  pool: { memory: '128m' },
  top: { ssh: { bind: '0.0.0.0' }, auth: 'tokens' },
})
const [first, second] = [1, 2].map((number) => `${manager.pool}-${number}`) as [string, string]
let stopNeighbour = async () => undefined as unknown
let mallory: Session
let address = ''
let port = 0

before(async () => {
  stopNeighbour = await openNeighbour([OUTSIDE, SILENT], [80])
  await run('ip', ['-netns', NEIGHBOUR, 'address', 'delete', `${SILENT}/32`, 'dev', 'lo'])
  await manager.startWithToken()
  await manager.untilReady()
  const { containers } = await manager.reserve({ username: 'mallory', password: 'test' })
  port = containers[0]?.port ?? 0
  assert.equal(containers[0]?.container, first)
  mallory = await login({ port, username: 'mallory', password: 'test' })
  address = await docker('inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', first)
})
after(async () => {
  mallory.close()
  await stopNeighbour()
})

/** Connects outside from the other tenant's container. */
const othersConnect = async () => (await docker('exec', second, 'python3', '-c', CONNECT, OUTSIDE)).includes('hello')

const change = (changes: string) => ({
  docker,
  instance: manager.instance,
  changes,
  restored: async () => {
    const rules = ['nft', 'list', 'chain', 'inet', connectionsName(manager.instance), 'from_containers']
    return (await docker('exec', `berth-guard-${manager.instance}`, ...rules)).includes('ct count over 4096')
  },
})
const unlimited = () => {
  const chain = `flush chain inet ${connectionsName(manager.instance)}`
  return change(`${chain} from_containers\n${chain} to_containers`)
}
const limited = () => change(firewallRules(manager.instance, SMALL_LIMIT))

it('A tenant who sends to thousands of ports, or opens and closes connections, fills only a small part of the table', async (t) => {
  const flood = async (protocol: 'tcp' | 'udp', from: number, number: number) => {
    const program = protocol === 'udp' ? SEND_UDP : OPEN_AND_CLOSE
    const [already, began] = [await trackedConnections(protocol, address), performance.now()]
    await mallory.exec(`python3 -c '${program}' ${OUTSIDE} ${from} ${number}`)
    const allowed = AT_ONCE + PER_SECOND * ((performance.now() - began) / 1_000 + SLACK)
    return { allowed, kept: (await trackedConnections(protocol, address)) - already }
  }
  const floods = async () => [await flood('udp', 1_000, DATAGRAMS), await flood('tcp', 80, CLOSED)] as const
  for (const { kept, allowed } of await floods()) {
    assert.ok(kept <= allowed, `${kept} connections, and not ${allowed}`)
    assert.ok(await othersConnect(), 'others connect meanwhile')
  }
  const [udp, tcp] = await withChangedRules(unlimited(), floods)
  assert.ok(udp.kept > udp.allowed, `without the rules, ${udp.kept} of ${DATAGRAMS} UDP connections were tracked`)
  assert.ok(tcp.kept > tcp.allowed, `without the rules, ${tcp.kept} of ${CLOSED} TCP connections were tracked`)
  tried(t, DATAGRAMS + CLOSED, 'connections asked for')
})

it('Connections that stay open are bounded too, both from a container and to it', async (t) => {
  const many = SMALL_LIMIT * 4
  const open = async (from: number) => {
    const already = await trackedConnections('tcp', SILENT)
    await run('ip', [
      'netns',
      'exec',
      NEIGHBOUR,
      'python3',
      '-c',
      SEND_SYN,
      SILENT,
      THIS_HOST,
      `${port}`,
      `${from}`,
      `${many}`,
    ])
    return (await trackedConnections('tcp', SILENT)) - already
  }
  const send = async (from: number) => {
    const already = await trackedConnections('udp', address)
    await docker('exec', first, 'python3', '-c', SEND_UDP, OUTSIDE, `${from}`, `${many}`)
    return (await trackedConnections('udp', address)) - already
  }
  await withChangedRules(limited(), async () => {
    const [sent, opened] = [await send(55_000), await open(20_000)]
    assert.ok(sent > 0 && sent <= SMALL_LIMIT, `${sent} of ${many} connections of a container`)
    assert.ok(opened > 0 && opened <= SMALL_LIMIT, `${opened} of ${many} connections to a container`)
    assert.ok(await othersConnect())
  })
  assert.ok((await open(30_000)) >= many, 'the real limit lets as many in')
  tried(t, many * 2, 'connections that stay open')
})

const CONNECT = `import socket, sys
print(socket.create_connection((sys.argv[1], 80), 5).recv(5))`

const SEND_UDP = `import socket, sys
first, number = int(sys.argv[2]), int(sys.argv[3])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for port in range(first, first + number):
    try: s.sendto(b"x", (sys.argv[1], port))
    except OSError: pass`

const OPEN_AND_CLOSE = `import socket, sys
from concurrent.futures import ThreadPoolExecutor
def once(_):
    try: socket.create_connection((sys.argv[1], int(sys.argv[2])), 0.05).close()
    except OSError: pass
with ThreadPoolExecutor(max_workers=32) as pool: list(pool.map(once, range(int(sys.argv[3]))))`

/** Only the first packet of each connection, from an address that answers nothing. */
const SEND_SYN = `import socket, struct, sys
source, target = socket.inet_aton(sys.argv[1]), socket.inet_aton(sys.argv[2])
port, first, number = int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16: total = (total & 65535) + (total >> 16)
    return ~total & 65535
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
for own in range(first, first + number):
    tcp = lambda total: struct.pack("!HHIIBBHHH", own, port, 1, 0, 80, 2, 8192, total, 0)
    total = checksum(source + target + struct.pack("!BBH", 0, 6, 20) + tcp(0))
    ip = struct.pack("!BBHHHBBH4s4s", 69, 0, 40, 0, 0, 64, 6, 0, source, target)
    s.sendto(ip + tcp(total), (sys.argv[2], 0))`
