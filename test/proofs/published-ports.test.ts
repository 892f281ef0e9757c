/** The only way into a container is its published port: tried from a neighbour on the LAN and from other containers. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, it } from 'node:test'
import { promisify } from 'node:util'
import { REACHES } from '../../src/domain/container.ts'
import { openDocker } from '../../src/engine/docker/engine.ts'
import { firewallName } from '../../src/engine/docker/firewall/spec.ts'
import { tableName } from '../../src/engine/docker/firewall/rules.ts'
import { docker } from '../../lab/docker.ts'
import { mark } from '../../lab/database-mark.ts'
import { eventually } from '../../lab/eventually.ts'
import { newInstance, removeInstance } from '../../lab/instance.ts'
import { NEIGHBOUR, openNeighbour, THIS_HOST } from '../support/engine/netns.ts'
import { reservePorts } from '../../lab/ports.ts'
import {
  reachedBy,
  reachedFromContainer,
  reachedFromHere,
  reachedFromNeighbour,
  type Target,
} from '../support/engine/probing.ts'
import { tried } from '../../lab/proof.ts'
import { type Reaches, testReaches } from '../support/engine/reaches.ts'
import { withChangedRules } from '../support/engine/without-rules.ts'

const run = promisify(execFile)
const OUTSIDE = '198.51.100.3'

const other = newInstance('other-instance')
const stranger = `${other.instance}-stranger`
const foreign = `${other.instance}-1`
const site = testReaches('ports')
let there: Reaches
const closing: (() => unknown)[] = []

after(async () => {
  for (const close of closing.toReversed()) await close()
  await docker('rm', '--force', stranger).catch(() => undefined)
  await removeInstance(other.instance)
})

before(async () => {
  closing.push(await openNeighbour([OUTSIDE], [80]))
  // The neighbour sends packets for 127.0.0.1 to this machine.
  const lo = 'ip address delete 127.0.0.1/8 dev lo && echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet'
  await run('ip', ['netns', 'exec', NEIGHBOUR, 'sh', '-c', `${lo} && ip route add 127.0.0.1/32 via ${THIS_HOST}`])
  there = await site.open()
})

/** sshd of every container, at the container's own address. */
const direct = () => there.places.map(({ address }): Target => `tcp ${address} 22`)
/** The published port of every container, at one address of the host. */
const published = (host: string) => there.places.map(({ sshPort }): Target => `tcp ${host} ${sshPort}`)
const refusesNeighbour = async () => (await reachedFromNeighbour(direct())).length === 0
const withoutEntrance = () => ({
  docker,
  instance: there.manager.instance,
  restored: refusesNeighbour,
  changes: `flush chain inet ${tableName(there.manager.instance)} to_containers`,
})

it('A host on the LAN enters only through published ports of addresses on the LAN, with any reach', async (t) => {
  const [inside, lan, loopback] = [direct(), published(THIS_HOST), published('127.0.0.1')]
  assert.deepEqual(await reachedFromHere([...inside, ...lan, ...loopback]), [...inside, ...lan, ...loopback])
  assert.deepEqual(await reachedFromNeighbour(lan), lan)
  assert.deepEqual(await reachedFromNeighbour([...inside, ...loopback]), [])
  const reached = await withChangedRules(withoutEntrance(), () => reachedFromNeighbour([...inside, ...loopback]))
  assert.deepEqual(reached, [...inside, ...loopback], 'without the rules the neighbour gets in')
  tried(t, inside.length + loopback.length, 'ways past the published ports')
})

it('Containers of other networks and instances cannot enter, even where Docker lets them pass', async (t) => {
  await docker('run', '--detach', '--name', stranger, '--entrypoint', 'sleep', 'berth/box', '1000')
  await startForeign()
  const addressOf = (name: string) =>
    docker('inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', name)
  const inside = direct()
  for (const container of [stranger, foreign]) closing.push(await letPass(await addressOf(container)))
  assert.deepEqual(await reachedFromContainer(stranger, inside), [])
  assert.deepEqual(await reachedFromContainer(foreign, inside), [])
  const back: Target[] = [`tcp ${await addressOf(foreign)} 22`]
  for (const reach of REACHES) assert.deepEqual(await reachedBy(there.tenants[reach], back), [], reach)
  assert.deepEqual(await reachedFromHere(back), back)
  await withChangedRules(withoutEntrance(), async () => {
    assert.deepEqual(await reachedFromContainer(stranger, inside), inside, 'without the rules it gets in')
    assert.deepEqual(await reachedFromContainer(foreign, inside), inside)
  })
  tried(t, inside.length * 2 + REACHES.length, 'ways between networks')
})

it('Loading the rules ends no open connection, whichever way it came', async (t) => {
  const ports = there.places.map(({ sshPort }) => sshPort)
  const open = () => Promise.all(ports.flatMap((port) => [connectAbroad(port), connectHere('127.0.0.1', port)]))
  const { instance } = there.manager
  // As when a manager that is newer than the firewall starts: these connections are older than the rules.
  const changes = `delete table inet ${tableName(instance)}`
  const connections = await withChangedRules({ ...withoutEntrance(), changes }, open)
  for (const connection of connections) await connection.answers()
  const firewall = await docker('inspect', '--format', '{{.Id}}', firewallName(instance))
  const more = await open()
  await docker('rm', '--force', firewallName(instance))
  await eventually(async () => (await docker('inspect', '--format', '{{.Id}}', firewallName(instance))) !== firewall)
  await eventually(refusesNeighbour)
  for (const connection of more) await connection.answers()
  tried(t, connections.length + more.length, 'connections under which the rules were loaded')
})

/** A container of another instance on the same engine. */
async function startForeign(): Promise<void> {
  const [port = 0] = await reservePorts(1)
  const engine = openDocker({
    database: mark(),
    instance: other.instance,
    reaches: ['internet'],
    dockerHost: process.env['DOCKER_HOST'],
  })
  await engine.provision()
  const limits = { memory: 128 * 1024 ** 2, shm: 2 ** 26, cpus: 0.5, pids: 64, sudo: true, disk: null, runtime: null }
  const place = { instance: other.instance, pool: other.pool, name: foreign, generation: 1 }
  const image = { image: 'berth/box', bind: '127.0.0.1', port, reach: 'internet' as const }
  await engine.start(await engine.create({ ...place, ...image, ...limits }))
  await engine.close()
}

/** Docker itself keeps networks apart; whatever comes from this address passes its rules until the stop is called. */
async function letPass(address: string): Promise<() => Promise<unknown>> {
  const change = (how: '-I' | '-D') =>
    run('sh', [
      '-ec',
      `iptables ${how} DOCKER-USER -s $1 -j ACCEPT; iptables ${how} DOCKER-USER -d $1 -j ACCEPT`,
      'sh',
      address,
    ])
  await change('-I')
  return () => change('-D')
}

/** A connection to sshd. */
interface Connection {
  /** Fails unless sshd answers what it has not answered before. */
  answers(): Promise<void>
}

const TALK = `
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
s.settimeout(10)
print(s.recv(3), flush=True)
while s.recv(1) != b"\\n": pass
sys.stdin.readline()
s.send(b"SSH-2.0-proof\\r\\n")
print("answered" if len(s.recv(99)) > 9 else "ended", flush=True)`

const connectAbroad = (port: number) =>
  talk('ip', ['netns', 'exec', NEIGHBOUR, 'python3', '-c', TALK, THIS_HOST, `${port}`])
const connectHere = (host: string, port: number) => talk('python3', ['-c', TALK, host, `${port}`])

async function talk(command: string, args: readonly string[]): Promise<Connection> {
  const child: ChildProcess = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  closing.push(() => child.kill())
  let said = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = once(child, 'exit')
  await eventually(async () => said.includes('SSH'))
  return {
    async answers() {
      child.stdin?.write('\n')
      await ended
      assert.match(said, /answered/)
    },
  }
}
