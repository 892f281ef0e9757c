/**
 * Two containers on one bridge: what keeps them apart, whatever the host's bridge settings are. On an engine with a
 * kernel's network of its own.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDocker } from '../../src/engine/docker/engine.ts'
import { firewallName } from '../../src/engine/docker/firewall/spec.ts'
import { tableName } from '../../src/engine/docker/firewall/rules.ts'
import { bridgeName } from '../../src/engine/docker/network/spec.ts'
import { eventually } from '../../lab/eventually.ts'
import { newInstance } from '../../lab/instance.ts'
import { reservePorts } from '../../lab/ports.ts'
import { cannotHaveEngine, type PrivateEngine, privateEngine } from '../support/engine/private-engine.ts'
import { reachedFromContainer, type Target } from '../support/engine/probing.ts'
import { tried } from '../../lab/proof.ts'
import { twoPools } from '../support/manager/two-pools.ts'
import { withChangedRules } from '../support/engine/without-rules.ts'
import { mark } from '../../lab/database-mark.ts'

const skip = cannotHaveEngine()
/** How long a manager may take to notice that containers are no longer kept apart, in milliseconds. */
const SECONDS = 10_000
/** How long a datagram may take, in milliseconds. */
const UNDER_WAY = 300

describe('containers on one bridge', { skip }, async () => {
  if (skip !== false) return
  const engine = await privateEngine()
  const pools = await twoPools('bridges', { size: 2, engine })
  const { manager } = pools
  const docker = (...args: string[]) => engine.docker(...args)
  const firewall = firewallName(manager.instance)
  const bridge = bridgeName(manager.instance, 'internet')
  const victims: Target[] = []
  const reached = () => reachedFromContainer(`${manager.pool}-1`, victims, docker)
  const apart = async () => (await reached()).length === 0

  before(async () => {
    await manager.start()
    await manager.untilReady()
    const { containers } = await pools.reserve('eve', { count: 2 })
    assert.equal(containers.length, 2)
    victims.push(`tcp ${await addressOf(engine, `${manager.pool}-2`)} 22`)
  })
  after(() => manager.kill())

  it('Tenants of one pool do not reach each other, whatever net.bridge.bridge-nf-call-iptables says', async (t) => {
    const settings =
      'for family in iptables ip6tables arptables; do echo $1 >/proc/sys/net/bridge/bridge-nf-call-$family; done'
    assert.ok(await apart())
    await engine.within('sh', '-ec', settings, 'sh', '0')
    assert.ok(await apart())
    // The firewall isolates the port of a new container within two seconds.
    await eventually(() => allIsolated(engine, bridge))
    // Each of two mechanisms keeps them apart; without both they reach each other.
    const own = { docker, instance: manager.instance, changes: '', restored: apart }
    await withChangedRules(own, async () => {
      await setFilter(engine, bridge, false)
      assert.ok(await apart(), 'ports are isolated')
      await setFilter(engine, bridge, true)
      await setIsolated(engine, bridge, false)
      assert.ok(await apart(), 'the bridge is filtered')
      await setFilter(engine, bridge, false)
      assert.deepEqual(await reached(), victims, 'with neither they reach each other')
    })
    await engine.within('sh', '-ec', settings, 'sh', '1')
    tried(t, 3, 'ways to lose the filter of bridges')
  })

  it('Containers have no IPv6 through which they could reach each other without an address', async (t) => {
    const interfaces = await docker(
      'exec',
      `${manager.pool}-1`,
      'sh',
      '-c',
      'cat /proc/net/if_inet6 2>/dev/null || true',
    )
    assert.doesNotMatch(interfaces, /eth/)
    const own = await engine.within('sh', '-c', 'ip -6 -o address show scope link')
    assert.match(own, /fe80/, 'this kernel has IPv6')
    tried(t, 1, 'containers')
  })

  it('Without br_netfilter the firewall exits with the reason, and is checked after Docker has restarted it', async (t) => {
    const startedAt = () => docker('inspect', '--format', '{{.State.StartedAt}}', firewall)
    const first = await startedAt()
    const pid = await docker('inspect', '--format', '{{.State.Pid}}', firewall)
    // As its container sees it; the next start has a view of its own.
    await engine.within('nsenter', '--target', pid, '--mount', 'mount', '-t', 'tmpfs', 'none', '/proc/sys/net/bridge')
    await eventually(async () => (await startedAt()) !== first)
    const said = await engine.within('sh', '-c', `docker -H ${engine.address} logs ${firewall} 2>&1`)
    assert.match(said, /br_netfilter is not loaded.*modprobe br_netfilter/)
    await eventually(async () => (await manager.get('/readyz')).status === 200)
    tried(t, 1, 'modules gone')
  })

  it('While bridges cannot be filtered no container is lent, within seconds and with the reason; afterwards lending resumes', async (t) => {
    await plantFirewallThatCannotFilter(engine, firewall)
    await pools.release('eve')
    await manager.untilReady()
    const began = performance.now()
    await setFilter(engine, bridge, false)
    await eventually(async () => (await manager.get('/readyz')).status === 503)
    assert.ok(performance.now() - began < SECONDS)
    const { status, error } = await pools.refusal()
    assert.equal(status, 503)
    assert.match(error, new RegExp(`cannot have ${bridge} filtered .* Nothing is lent without the firewall`))
    await setFilter(engine, bridge, true)
    await eventually(async () => (await manager.get('/readyz')).status === 200)
    await pools.reserve('bob')
    await docker('tag', 'berth/whole', 'berth/box')
    tried(t, 1, 'bridges that could not be filtered')
  })

  it('Without the userland proxy, logins work over every address of the host, and tenants do not reach its loopback', async (t) => {
    await manager.kill()
    await engine.stop('SIGTERM')
    await engine.start({ options: ['--userland-proxy=false'] })
    const { instance, pool, port } = { ...newInstance('hairpin'), port: (await reservePorts(1))[0] ?? 0 }
    const name = `${pool}-1`
    const own = openDocker({ database: mark(), instance, reaches: ['all'], dockerHost: engine.address })
    await own.provision()
    const limits = { memory: 128 * 1024 ** 2, shm: 2 ** 26, cpus: 0.5, pids: 64, sudo: true, disk: null, runtime: null }
    const place = { instance, pool, name, generation: 1, image: 'berth/box', reach: 'all' as const }
    await own.start(await own.create({ ...place, ...limits, bind: '0.0.0.0', port }))
    await own.close()
    const hosts = ['127.0.0.1', engine.host]
    const greetings = async () => {
      const greeted = await Promise.all(hosts.map((host) => engine.within('python3', '-c', GREETING, host, `${port}`)))
      return greeted.every((greeting) => greeting.includes('SSH-'))
    }
    await eventually(greetings)
    await engine.within('sh', '-c', `python3 -c '${RECEIVER}' >/run/letters &`)
    await eventually(async () => (await engine.within('cat', '/run/letters')).includes('listening'))
    const reachesLoopback = async () => {
      const letter = `letter-${randomUUID()}`
      await docker('exec', name, 'python3', '-c', SEND_TO_LOOPBACK, letter)
      await sleep(UNDER_WAY)
      return (await engine.within('cat', '/run/letters')).includes(letter)
    }
    assert.equal(await reachesLoopback(), false)
    const changes = `flush chain inet ${tableName(instance)} from_containers`
    const restored = async () => !(await reachesLoopback())
    await withChangedRules({ docker, instance, changes, restored }, async () =>
      assert.ok(await reachesLoopback(), 'without the rules it does'),
    )
    tried(t, hosts.length + 1, 'ways over the host')
  })
})

const GREETING = `import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)
s.settimeout(3)
print("open")
try: print(s.recv(9))
except OSError: pass`

const RECEIVER = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 8000))
print("listening", flush=True)
while True: print(s.recv(99).decode(), flush=True)`

/** To 127.0.0.1, but out of the container: that takes no privilege (SO_BINDTODEVICE). */
const SEND_TO_LOOPBACK = `import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 25, b"eth0")
s.sendto(sys.argv[1].encode(), ("127.0.0.1", 8000))`

function addressOf(engine: PrivateEngine, name: string): Promise<string> {
  return engine.docker('inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', name)
}

async function allIsolated(engine: PrivateEngine, bridge: string): Promise<boolean> {
  const links = JSON.parse(await engine.within('bridge', '-d', '-j', 'link', 'show')) as Port[]
  const ports = links.filter(({ master }) => master === bridge)
  return ports.length > 0 && ports.every(({ isolated }) => isolated)
}

interface Port {
  readonly master?: string
  readonly isolated?: boolean
}

async function setFilter(engine: PrivateEngine, bridge: string, on: boolean): Promise<void> {
  await engine.within('ip', 'link', 'set', 'dev', bridge, 'type', 'bridge', 'nf_call_iptables', on ? '1' : '0')
}

async function setIsolated(engine: PrivateEngine, bridge: string, on: boolean): Promise<void> {
  const ports = `ip -o link show master ${bridge} | sed -E 's/^[0-9]+: ([^:@]+).*/\\1/'`
  await engine.within(
    'sh',
    '-ec',
    `for p in $(${ports}); do bridge link set dev $p isolated ${on ? 'on' : 'off'}; done`,
  )
}

/** A firewall whose `ip` fails, in place of the instance's own. */
async function plantFirewallThatCannotFilter(engine: PrivateEngine, firewall: string): Promise<void> {
  await engine.docker('tag', 'berth/box', 'berth/whole')
  const broken = await engine.docker(
    'run',
    '--detach',
    '--entrypoint',
    'sh',
    'berth/box',
    '-c',
    'ln -sf /bin/false "$(command -v ip)"',
  )
  await engine.docker('wait', broken)
  await engine.docker(
    'commit',
    '--change',
    'ENTRYPOINT ["/usr/local/sbin/entrypoint"]',
    '--change',
    'CMD []',
    broken,
    'berth/box',
  )
  await engine.docker('rm', broken)
  await engine.docker('rm', '--force', firewall)
  await eventually(async () => (await engine.docker('inspect', '--format', '{{.State.Running}}', firewall)) === 'true')
}
