import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDocker } from '../../src/engine/docker/engine.ts'
import { docker, dockerLines } from '../support/docker.ts'
import { eventually } from '../support/eventually.ts'
import { testInstance } from '../support/instance.ts'
import { reservePorts, tryToListen } from '../support/ports.ts'
import { openDockerProxy } from '../support/proxy.ts'
import { type EngineFixture, engineContract, removeAll, specFor } from './engine.ts'

/** Longer than an event is on its way, in milliseconds. */
const DRAINED = 500

const dockerHost = process.env.DOCKER_HOST
const own = testInstance('engine')
const other = testInstance('engine-other')
const engine = openDocker({ instance: own.instance, reaches: ['internet'], dockerHost })
const neighbour = { ...other, engine: openDocker({ instance: other.instance, reaches: ['internet'], dockerHost }) }

const fixture: EngineFixture = {
  ...own,
  image: 'berth/alpine',
  ports: await reservePorts(4),
  engine,
  neighbour,
  pause: async (id) => {
    // runc (1.1, cgroup v1) may refuse to freeze what is forking: not before its start-up is over and sshd listens.
    await eventually(async () => (await docker('top', id)).includes('[listener]'))
    await docker('pause', id)
  },
  unplug: async (id) => void (await docker('network', 'disconnect', '--force', `berth-${own.instance}-internet`, id)),
  crash: async (id) => void (await docker('kill', id)),
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
  await engine.prepare()
  await neighbour.engine.prepare()
})

after(async () => {
  await engine.close()
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
    assert.deepEqual(HostConfig.SecurityOpt, ['no-new-privileges'])
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

  it('gives what is throttled, and has much to do, all processors to die on', async () => {
    const id = await engine.create(specFor(fixture, { cpus: 0.1, pids: 200 }))
    await engine.start(id)
    // All begin when all are there: one that is busy already would take the time of whoever makes the others.
    const busy = 'mkfifo /tmp/go; for n in $(seq 100); do (: </tmp/go; while :; do :; done) & done; : >/tmp/go; wait'
    await docker('exec', '--detach', id, 'sh', '-c', busy)
    await eventually(async () => ((await docker('top', id, '-eo', 'pid,stat')).match(/ R/g)?.length ?? 0) > 60)
    await engine.kill(id)
    assert.equal((await engine.inspect(id))?.state, 'exited')
    const cpus = await docker('info', '--format', '{{.NCPU}}')
    assert.equal(await docker('inspect', '--format', '{{.HostConfig.NanoCpus}}', id), `${cpus}000000000`)
  })

  it('freezes nothing that a program has just begun in, and kills it all the same', async () => {
    const ids = await Promise.all(
      [0, 1, 2].map(async (index) => {
        const changes = { name: `${own.pool}-${index}`, port: fixture.ports[index] ?? 0 }
        const id = await engine.create(specFor(fixture, changes))
        await engine.start(id)
        await eventually(async () => (await docker('top', id)).includes('[listener]'))
        return id
      }),
    )
    const [busy = ''] = ids
    const since = `${Date.now() / 1_000}`
    const program = engine.exec(busy, { command: ['sleep', '60'], timeoutMs: 60_000 })
    await Promise.allSettled([program, ...ids.map((id) => engine.kill(id))])
    for (const id of ids) assert.equal((await engine.inspect(id))?.state, 'exited')
    const span = ['--since', since, '--until', `${Date.now() / 1_000}`]
    const frozen = await dockerLines('events', ...span, '--filter', 'event=pause', '--format', '{{.ID}}')
    assert.equal(frozen.includes(busy), false)
  })

  it('makes its network again when someone pruned it', async () => {
    const id = await neighbour.engine.create(specFor(fixture, { ...other, name: `${other.pool}-1` }))
    await docker('network', 'rm', `berth-${other.instance}-internet`)
    await neighbour.engine.start(id)
    assert.equal((await neighbour.engine.inspect(id))?.state, 'running')
  })

  it('has one network when several managers have made it at once', async () => {
    const many = testInstance('engine-networks')
    // Docker's own check lets two of a name through that come at once; that both want one interface is what stops it.
    const reaches = ['internet'] as const
    const engines = Array.from({ length: 4 }, () => openDocker({ instance: many.instance, reaches, dockerHost }))
    const label = `label=berth.instance=${many.instance}`
    await Promise.all(engines.map((one) => one.prepare()))
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
    const another = openDocker({ instance: open.instance, reaches: ['internet'], dockerHost })
    await assert.rejects(another.prepare(), { code: 'engine_conflict' })
    await another.close()
  })
})

describe('docker engine: the guard', () => {
  it('is not needed where everything may be reached, and otherwise nothing is usable without it', async () => {
    const { instance } = testInstance('engine-guard')
    const name = `berth-guard-${instance}`
    await docker('create', '--name', name, 'berth/alpine')
    const trusting = openDocker({ instance, reaches: ['all'], dockerHost })
    await trusting.prepare()
    const careful = openDocker({ instance, reaches: ['all', 'none'], dockerHost })
    await assert.rejects(careful.prepare(), { code: 'engine_conflict', message: /"reach: all" do without it$/ })
    await docker('rm', name)
    await careful.prepare()
    assert.match(await docker('inspect', '--format', '{{.State.Running}}', name), /true/)
    await Promise.all([trusting.close(), careful.close()])
  })

  it('is replaced when it is not as it would be made now', async () => {
    const name = `berth-guard-${own.instance}`
    await docker('rm', '--force', name)
    await docker('create', '--name', name, '--label', `berth.guard=${own.instance}`, 'berth/alpine')
    await engine.prepare()
    assert.match(await docker('inspect', '--format', '{{.HostConfig.NetworkMode}}', name), /host/)
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
      instance: own.instance,
      reaches: ['internet'],
      dockerHost: proxy.address,
      deadlines: { create: 500 },
    })
    await assert.rejects(unlucky.create(specFor(fixture)), { code: 'engine_unavailable' })
    const [made] = await engine.list()
    assert.equal(await engine.create(specFor(fixture)), made?.id)
    await unlucky.close()
    await proxy.close()
  })

  it('says that something may have changed when Docker goes, listens again when it is back, and says so again', async () => {
    const proxy = await openDockerProxy(dockerHost)
    const watching = openDocker({ instance: own.instance, reaches: ['internet'], dockerHost: proxy.address })
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
    assert.deepEqual(await watching.list(), [])
    await watching.close()
    await proxy.close()
  })

  it('refuses an address that it does not understand', () => {
    for (const address of ['ssh://user@host', 'tcp://host', 'npipe:////./pipe/docker', '']) {
      const open = () => openDocker({ instance: own.instance, reaches: ['internet'], dockerHost: address })
      assert.throws(open, { code: 'invalid_config' })
    }
  })
})

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50))
}
