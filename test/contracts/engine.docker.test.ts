import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDocker } from '../../src/engine/docker/engine.ts'
import { SECCOMP_PROFILE } from '../../src/engine/docker/container/seccomp.ts'
import { accountUid } from '../../src/engine/confinement.ts'
import { docker, dockerLines } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testInstance } from '../../lab/instance.ts'
import { reservePorts, tryToListen } from '../../lab/ports.ts'
import { openDockerProxy } from '../support/http/proxy.ts'
import { type EngineFixture, engineContract, removeAll, specFor } from './engine.ts'
import { mark } from '../../lab/database-mark.ts'

/** Longer than an event takes to arrive, in milliseconds. */
const DRAINED = 500

const dockerHost = process.env.DOCKER_HOST
const own = testInstance('engine')
const other = testInstance('engine-other')
const engine = openDocker({ database: mark(), instance: own.instance, reaches: ['internet'], dockerHost })
const fromOther = openDocker({ database: mark('other'), instance: own.instance, reaches: ['internet'], dockerHost })
const neighbour = {
  ...other,
  engine: openDocker({ database: mark(), instance: other.instance, reaches: ['internet'], dockerHost }),
}

const fixture: EngineFixture = {
  ...own,
  image: 'berth/box',
  ports: await reservePorts(4),
  engine,
  marks: { database: mark().id, origin: mark().origin },
  other: fromOther,
  neighbour,
  pause: async (id) => {
    // runc (1.1, cgroup v1) may refuse to freeze what is forking: not before its start-up is over and sshd listens.
    await eventually(async () => (await docker('top', id)).includes('[listener]'))
    await docker('pause', id)
  },
  unplug: async (id) => void (await docker('network', 'disconnect', '--force', `berth-${own.instance}-internet`, id)),
  crash: async (id) => void (await docker('kill', id)),
  send: async (id, line) => {
    const command = `until [ -p /run/berth/requests ]; do sleep 0.1; done; echo ${line} >/run/berth/requests`
    await docker('exec', id, 'sh', '-c', command)
  },
  account: async (id) => {
    await docker('exec', id, 'useradd', '-m', '-s', '/bin/bash', 'alice')
    return 'alice'
  },
  occupy: async (port) => {
    const server = await tryToListen(port, '127.0.0.1')
    assert.ok(server)
    return async () => {
      server.close()
      await once(server, 'close')
    }
  },
}

before(async () => {
  await engine.provision()
  await neighbour.engine.provision()
})

after(async () => {
  await engine.close()
  await fromOther.close()
  await neighbour.engine.close()
})

engineContract('docker', fixture)

describe('docker engine: what a container may', () => {
  afterEach(async () => {
    await removeAll(engine)
    await removeAll(neighbour.engine)
  })

  it('has the limits, options and labels that were decided', async () => {
    const spec = specFor(fixture, { sudo: false })
    const id = await engine.create(spec)
    const [info] = JSON.parse(await docker('inspect', id))
    const { HostConfig, Config } = info
    assert.equal(HostConfig.Init, true)
    assert.equal(HostConfig.Privileged, false)
    assert.equal(HostConfig.Memory, spec.memory)
    assert.equal(HostConfig.MemorySwap, spec.memory)
    assert.equal(HostConfig.NanoCpus, 500_000_000)
    assert.equal(HostConfig.PidsLimit, 64)
    assert.deepEqual(HostConfig.CapDrop, ['ALL'])
    assert.ok(!HostConfig.CapAdd.some((capability: string) => /NET_RAW|MKNOD|SYS_ADMIN/.test(capability)))
    assert.deepEqual(HostConfig.SecurityOpt, ['no-new-privileges', `seccomp=${SECCOMP_PROFILE}`])
    assert.deepEqual(HostConfig.Ulimits, [{ Name: 'nofile', Soft: 1024, Hard: 16_384 }])
    assert.ok(Config.Env.includes(`BERTH_UID=${accountUid(spec.port)}`))
    assert.equal(HostConfig.RestartPolicy.Name, 'unless-stopped')
    assert.deepEqual(HostConfig.LogConfig, { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '1' } })
    assert.deepEqual(HostConfig.PortBindings, { '22/tcp': [{ HostIp: '127.0.0.1', HostPort: String(spec.port) }] })
    assert.equal(HostConfig.NetworkMode, `berth-${own.instance}-internet`)
    assert.equal(Config.Hostname, spec.name)
    assert.equal(Config.Labels['berth.instance'], own.instance)
    assert.equal(Config.Labels['berth.container'], spec.name)
    assert.equal(Config.Labels['berth.generation'], '1')
  })

  it('reaches no other container', async () => {
    const [a, b] = await Promise.all(
      [0, 1].map(async (index) => {
        const changes = { name: `${own.pool}-${index}`, port: fixture.ports[index] ?? 0 }
        const id = await engine.create(specFor(fixture, changes))
        await engine.start(id)
        return id
      }),
    )
    assert.ok(a && b)
    const address = await docker('inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', b)
    const knock = (host: string) =>
      engine.exec(a, { command: ['timeout', '3', 'bash', '-c', `exec 3<>/dev/tcp/${host}/22`], timeoutMs: 10_000 })
    await waitFor(async () => (await knock('127.0.0.1')).code === 0)
    assert.notEqual((await knock(address)).code, 0)
  })

  it('kills what Docker is about to restart, for good', async () => {
    const id = await engine.create(specFor(fixture))
    await engine.start(id)
    const restarting = Promise.withResolvers<void>()
    const stop = engine.watch(() => restarting.resolve())
    await engine.exec(id, { command: ['sh', '-c', 'kill -9 -1'], timeoutMs: 5_000 }).catch(() => undefined)
    await restarting.promise
    stop()
    await engine.kill(id)
    assert.equal((await engine.inspect(id))?.state, 'exited')
  })

  it('gives a throttled container all processors to die on', async () => {
    const id = await engine.create(specFor(fixture, { cpus: 0.1, pids: 200 }))
    await engine.start(id)
    // All begin when all exist: a busy one would take the time that starting the others needs.
    const busy = 'mkfifo /tmp/go; for n in $(seq 100); do (: </tmp/go; while :; do :; done) & done; : >/tmp/go; wait'
    await docker('exec', '--detach', id, 'sh', '-c', busy)
    await eventually(async () => ((await docker('top', id, '-eo', 'pid,stat')).match(/ R/g)?.length ?? 0) > 60)
    await engine.kill(id)
    assert.equal((await engine.inspect(id))?.state, 'exited')
    const cpus = await docker('info', '--format', '{{.NCPU}}')
    assert.equal(await docker('inspect', '--format', '{{.HostConfig.NanoCpus}}', id), `${cpus}000000000`)
  })

  it('creates its network again after it was pruned', async () => {
    const id = await neighbour.engine.create(specFor(fixture, { ...other, name: `${other.pool}-1` }))
    await docker('network', 'rm', `berth-${other.instance}-internet`)
    await neighbour.engine.start(id)
    assert.equal((await neighbour.engine.inspect(id))?.state, 'running')
  })

  it('has one network when several managers create it at once', async () => {
    const many = testInstance('engine-networks')
    // Docker's own check lets two of a name through that come at once; that both want one interface is what stops it.
    const reaches = ['internet'] as const
    const engines = Array.from({ length: 4 }, () =>
      openDocker({ database: mark(), instance: many.instance, reaches, dockerHost }),
    )
    const label = `label=berth.instance=${many.instance}`
    await Promise.all(engines.map((one) => one.provision()))
    assert.equal((await dockerLines('network', 'ls', '--quiet', '--filter', label)).length, 1)
    const [first] = engines
    const id = await first?.create(specFor(fixture, { ...many, name: `${many.pool}-1` }))
    await first?.start(id ?? '')
    await first?.remove(id ?? '')
    for (const one of engines) await one.close()
  })

  it('refuses a network that would let tenants meet', async () => {
    const open = testInstance('engine-open')
    const label = `berth.instance=${open.instance}`
    await docker('network', 'create', '--label', label, `berth-${open.instance}-internet`)
    const another = openDocker({ database: mark(), instance: open.instance, reaches: ['internet'], dockerHost })
    await assert.rejects(another.provision(), { code: 'engine_conflict' })
    await another.close()
  })
})

describe('docker engine: the firewall', () => {
  it('is needed with every reach: without it nothing is usable', async () => {
    const { instance } = testInstance('engine-firewall')
    const name = `berth-guard-${instance}`
    await docker('create', '--name', name, 'berth/box')
    const trusting = openDocker({ database: mark(), instance, reaches: ['all'], dockerHost })
    await assert.rejects(trusting.provision(), {
      code: 'engine_conflict',
      message: /Nothing is lent without the firewall/,
    })
    await docker('rm', name)
    await trusting.provision()
    assert.match(await docker('inspect', '--format', '{{.State.Running}}', name), /true/)
    await trusting.close()
  })

  it('is replaced when its specification has changed', async () => {
    const name = `berth-guard-${own.instance}`
    await docker('rm', '--force', name)
    await docker('create', '--name', name, '--label', `berth.guard=${own.instance}`, 'berth/box')
    await engine.provision()
    assert.match(await docker('inspect', '--format', '{{.HostConfig.NetworkMode}}', name), /host/)
  })
})

describe('docker engine: a name that another container has', () => {
  const spec = specFor(fixture)
  const refused = async (message: RegExp, ...options: string[]) => {
    const id = await docker('create', '--name', spec.name, ...options, 'berth/box')
    try {
      await assert.rejects(engine.create(spec), { code: 'engine_conflict', message })
    } finally {
      await docker('rm', id)
    }
  }

  it('is refused with what that container is, and what to do', async () => {
    await refused(/ is taken by container \S+, which is not Berth's \(\w{12}\): rename or remove it, or give the pool/)
  })

  it('is refused with the instance that it belongs to', async () => {
    const labels = ['--label', 'berth.instance=zed', '--label', 'berth.container=lab-1']
    await refused(/ is taken by lab-1 of instance "zed" \(\w{12}\): start the manager of that instance/, ...labels)
  })
})

describe('docker engine: the runtime', () => {
  afterEach(() => removeAll(engine))

  it('is the one that is named', async () => {
    const id = await engine.create(specFor(fixture, { runtime: 'runc' }))
    assert.equal(await docker('inspect', '--format', '{{.HostConfig.Runtime}}', id), 'runc')
  })

  it('is refused when Docker does not know it, with what to do', async () => {
    await assert.rejects(engine.create(specFor(fixture, { runtime: 'no-such' })), {
      code: 'engine_failed',
      message: /no-such: install it, name it under "runtimes"/,
    })
  })
})

describe('docker engine: Docker away', () => {
  afterEach(() => removeAll(engine))

  it('is unavailable where nobody listens', async () => {
    const away = openDocker({
      database: mark(),
      instance: own.instance,
      reaches: ['internet'],
      dockerHost: 'unix:///nowhere/docker.sock',
    })
    await assert.rejects(away.version(), { code: 'engine_unavailable' })
    await assert.rejects(away.list(), { code: 'engine_unavailable' })
    await assert.rejects(away.kill('0'.repeat(64)), { code: 'engine_unavailable' })
    await away.close()
  })

  it('is unavailable within the deadline when nobody answers, and with close', async () => {
    const proxy = await openDockerProxy(dockerHost)
    proxy.mute()
    const mute = openDocker({
      database: mark(),
      instance: own.instance,
      reaches: ['internet'],
      dockerHost: proxy.address,
      deadlines: { list: 100 },
    })
    await assert.rejects(mute.list(), { code: 'engine_unavailable', message: /100 ms/ })
    const slow = assert.rejects(mute.version(), { code: 'engine_unavailable' })
    await mute.close()
    await slow
    await assert.rejects(mute.list(), { code: 'engine_unavailable' })
    await proxy.close()
  })

  it('meets its own container after a create whose answer was lost', async () => {
    const proxy = await openDockerProxy(dockerHost)
    proxy.mute()
    const unlucky = openDocker({
      database: mark(),
      instance: own.instance,
      reaches: ['internet'],
      dockerHost: proxy.address,
      deadlines: { create: 500 },
    })
    await assert.rejects(unlucky.create(specFor(fixture)), { code: 'engine_unavailable' })
    const [made] = (await engine.list()).observed
    assert.equal(await engine.create(specFor(fixture)), made?.id)
    await unlucky.close()
    await proxy.close()
  })

  it('says that something may have changed when Docker goes, listens again when it is back, and says so again', async () => {
    const proxy = await openDockerProxy(dockerHost)
    const watching = openDocker({
      database: mark(),
      instance: own.instance,
      reaches: ['internet'],
      dockerHost: proxy.address,
    })
    let hints = 0
    const stop = watching.watch(() => {
      hints += 1
    })
    const hinted = () => eventually(async () => hints > 0)
    const id = await engine.create(specFor(fixture))
    await engine.start(id)
    await eventually(async () => {
      await docker('pause', id)
      await docker('unpause', id)
      return hints > 0
    })
    await engine.remove(id)
    // Whatever Docker has said of that has been heard.
    await sleep(DRAINED)
    hints = 0
    await proxy.down()
    await hinted()
    await assert.rejects(watching.list(), { code: 'engine_unavailable' })
    hints = 0
    await proxy.up()
    await hinted()
    stop()
    assert.deepEqual((await watching.list()).observed, [])
    await watching.close()
    await proxy.close()
  })

  it('refuses an address that it does not understand', () => {
    for (const address of [
      'ssh://-oProxyCommand=x',
      'ssh://user@host/path',
      'tcp://host',
      'npipe:////./pipe/docker',
      '',
    ]) {
      const open = () =>
        openDocker({ database: mark(), instance: own.instance, reaches: ['internet'], dockerHost: address })
      assert.throws(open, { code: 'invalid_config' })
    }
  })
})

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50))
}
