/** What it means that a container is blocked, tried from everywhere that it can be reached from. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { REACHES } from '../../src/domain/container.ts'
import { Requests } from '../../src/engine/docker/api/requests.ts'
import { connect } from '../../src/engine/docker/api/client.ts'
import { FirewallShell } from '../../src/engine/docker/firewall/shell.ts'
import { blocklistName } from '../../src/engine/docker/firewall/rules.ts'
import { firewallName } from '../../src/engine/docker/firewall/spec.ts'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { NEIGHBOUR, openNeighbour, THIS_HOST } from '../support/engine/netns.ts'
import { reachedFromHere, type Target } from '../support/engine/probing.ts'
import { tried } from '../../lab/proof.ts'
import { type Reaches, testReaches } from '../support/engine/reaches.ts'
import { login } from '../support/ssh.ts'

const run = promisify(execFile)
const OUTSIDE = '198.51.100.2'
/** What runs a program on the other host. */
const abroad = (program: string) => ['ip', ['netns', 'exec', NEIGHBOUR, 'python3', '-c', program]] as [string, string[]]
/** TEST-NET-1. */
const NOBODYS = '192.0.2.1'
const WAYS = 10
const MUCH = 8_000
const STAMPED = 'nft monitor new elements | while read -r line; do printf "%s %s\\n" "$EPOCHREALTIME" "$line"; done'
const RECEIVER = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 9))
print("listening", flush=True)
while True: print(s.recv(99).decode(), flush=True)`
/** Longer than anything that was under way can be on its way, in milliseconds. */
const UNDER_WAY = 300
const LISTENING = 1_000

const site = testReaches('blocklist')
let there: Reaches
let stopNeighbour = async () => undefined as unknown
/** What has come to the other host in datagrams. */
let mailbox = () => ''
const children: ChildProcess[] = []

after(async () => {
  for (const child of children) child.kill()
  await stopNeighbour()
})

before(async () => {
  stopNeighbour = await openNeighbour([OUTSIDE], [80])
  mailbox = watch(...abroad(RECEIVER))
  await eventually(async () => mailbox().includes('listening'))
  there = await site.open()
})

it('A blocked container receives and sends nothing any more, on connections that were open before and on new ones; its neighbours notice nothing', async (t) => {
  const engine = connect(process.env['DOCKER_HOST'])
  const requests = new Requests(engine.address)
  try {
    const cases = REACHES.map(async (reach) => {
      const shell = new FirewallShell(engine, requests, there.manager.instance, 10_000)
      await shell.open()
      const change = (block: readonly string[], unblock: readonly string[]) => shell.change(block, unblock)
      const place = there.places.find((one) => one.reach === reach)
      assert.ok(place)
      const { address, name, sshPort } = place
      const ssh: Target[] = [`tcp ${address} 22`]
      const everywhere = reach === 'none' ? [] : ['tcp', 'udp']
      const [talking, typing] = [await there.tenants[reach].shell(), await there.tenants[reach].shell()]
      talking.type('while :; do printf .; sleep 0.02; done\n')
      await eventually(async () => talking.shown.includes('.....'))
      const send = await openAbroad(sshPort)
      assert.deepEqual(await reachesOutside(name), everywhere)
      assert.deepEqual(await reachedFromHere(ssh), ssh)
      assert.deepEqual(await greetings(sshPort), ['here', 'abroad'])

      await change([address], [])
      await sleep(UNDER_WAY)
      const [shown, received] = [talking.shown.length, await receivedBy(name)]
      typing.type('touch /tmp/typed\n')
      send('x'.repeat(MUCH))
      await sleep(LISTENING)
      assert.equal(talking.shown.length, shown, `heard with reach: ${reach}`)
      assert.equal(await docker('exec', name, 'sh', '-c', 'ls /tmp/typed 2>/dev/null || true'), '')
      // Who looks for its address is heard of all the same.
      assert.ok((await receivedBy(name)) - received < MUCH / 2, `got something from another host with reach: ${reach}`)
      assert.deepEqual(await reachesOutside(name), [], `left with reach: ${reach}`)
      assert.deepEqual(await reachedFromHere(ssh), [])
      assert.deepEqual(await greetings(sshPort), [])
      const neighbour = there.places.find((one) => one.reach === reach && one !== place)
      const others: Target[] = [`tcp ${neighbour?.address ?? ''} 22`]
      assert.deepEqual(await reachedFromHere(others), others)

      await change([], [address])
      assert.deepEqual(await greetings(sshPort), ['here', 'abroad'])
      assert.deepEqual(await reachesOutside(name), everywhere)
      // Blocked twice, and unblocked though it is not blocked: neither is an error.
      await change([address], [])
      await change([address], [NOBODYS])
      await change([], [address, NOBODYS])
      assert.deepEqual(await greetings(sshPort), ['here', 'abroad'])
      return WAYS
    })
    tried(t, (await Promise.all(cases)).length * WAYS, 'ways in and out')
  } finally {
    requests.close()
    engine.close()
  }
})

it('Containers that end together are all blocked before any is destroyed, and their successors are not blocked', async (t) => {
  const { manager, places } = there
  const [, ...free] = await Promise.all(
    REACHES.map((reach) => manager.reserve({ username: `other-${reach}`, pool: `${manager.pool}-${reach}` })),
  )
  assert.equal(free.length, REACHES.length - 1)
  const labelled = ['--filter', `label=berth.instance=${manager.instance}`, '--filter', 'event=destroy']
  const destroyed = watch('docker', ['events', ...labelled, '--format', '{{.TimeNano}}'])
  const added = watch('docker', ['exec', firewallName(manager.instance), 'bash', '-c', STAMPED])
  // Until both listen, which neither says.
  await sleep(1_000)
  const released = manager.send('POST', '/v1/release-all', {})
  assert.equal((await released).status, 200)
  await manager.untilReady()
  const times = places.flatMap(({ address }) => {
    const [, seconds] = new RegExp(`^(\\S+) .*\\b${RegExp.escape(address)} `, 'm').exec(added()) ?? []
    return seconds === undefined ? [] : [Number(seconds) * 1_000]
  })
  assert.equal(times.length, places.length)
  const first = Number(destroyed().split('\n')[0]) / 1e6
  assert.ok(Math.max(...times) < first, `blocked at ${times.join()}, destroyed at ${first}`)
  await eventually(async () => {
    const set = ['list', 'set', 'inet', blocklistName(manager.instance), 'blocked']
    return !(await docker('exec', firewallName(manager.instance), 'nft', ...set)).includes('elements')
  })
  for (const { name } of places) {
    const { containers } = await manager.reserve({
      username: 'next',
      password: 'test',
      pool: name.replace(/-\d+$/, ''),
    })
    const port = containers[0]?.port ?? 0
    const session = await login({ port, username: 'next', password: 'test' })
    assert.equal((await session.exec('whoami')).stdout, 'next')
    session.close()
  }
  tried(t, places.length, 'containers that ended together')
})

/** Whether a connection of the container's comes about, and whether a datagram of its own is received. */
async function reachesOutside(container: string): Promise<string[]> {
  const letter = `letter-${randomUUID()}`
  const program = `import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"${letter} ", ("${OUTSIDE}", 9))
print(socket.create_connection(("${OUTSIDE}", 80), 2).recv(5))`
  const said = await docker('exec', container, 'sh', '-c', `python3 -c '${program}' 2>&1 || true`)
  return [said.includes('hello') ? 'tcp' : [], mailbox().includes(letter) ? 'udp' : []].flat()
}

/**
 * Returns from where sshd greets a client: at a loopback address of this host, and at another address of it from
 * another host.
 */
async function greetings(port: number): Promise<string[]> {
  const [here, elsewhere] = await Promise.all([
    run('python3', ['-c', asking('127.0.0.1', port)]),
    run(...abroad(asking(THIS_HOST, port))),
  ])
  const greeted = ({ stdout }: { stdout: string }) => stdout.includes('SSH-')
  return [greeted(here) ? 'here' : [], greeted(elsewhere) ? 'abroad' : []].flat()
}

const asking = (host: string, port: number) => `import socket
try: print(socket.create_connection(("${host}", ${port}), 10).recv(4))
except OSError: pass`

/** A connection to sshd, from another host. */
async function openAbroad(port: number): Promise<(text: string) => void> {
  const program = `import socket, sys
s = socket.create_connection(("${THIS_HOST}", ${port}), 5)
print(s.recv(4), flush=True)
for line in sys.stdin: s.send(line.encode())`
  const child = spawn(...abroad(program), { stdio: ['pipe', 'pipe', 'ignore'] })
  children.push(child)
  const [greeting] = (await once(child.stdout, 'data')) as [Buffer]
  assert.match(greeting.toString(), /SSH-/)
  return (text) => void child.stdin.write(`${text}\n`)
}

/** Bytes. */
async function receivedBy(container: string): Promise<number> {
  return Number(await docker('exec', container, 'cat', '/sys/class/net/eth0/statistics/rx_bytes'))
}

/** Returns a function that returns the output so far. */
function watch(command: string, args: readonly string[]): () => string {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  return () => said
}
