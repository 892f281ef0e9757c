/** Who waits in containers that nobody has, and what the engine holds ready to talk to them. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { afterEach, after, describe, it } from 'node:test'
import type { Engine } from '../../../src/core/ports.ts'
import { openDocker } from '../../../src/engine/docker/engine.ts'
import { docker } from '../../support/docker.ts'
import { eventually } from '../../support/eventually.ts'
import { removeGuests, startGuests } from '../../support/guests.ts'
import { testInstance } from '../../support/instance.ts'
import { type DockerProxy, openDockerProxy } from '../../support/proxy.ts'

const dockerHost = process.env.DOCKER_HOST
const names = testInstance('listeners')
const openAnother = (address = dockerHost) =>
  openDocker({ instance: names.instance, reaches: ['all'], dockerHost: address })
const engine = openAnother()

afterEach(() => removeGuests(engine))
after(() => engine.close())

async function started(image?: string): Promise<string> {
  const [guest] = await startGuests(engine, names, 1, image)
  assert.ok(guest)
  return guest.id
}

const run = (id: string, program: string, free: 'stays' | 'ends', by = engine) =>
  by.runBash(id, { program, free, timeoutMs: 20_000 })

/** An engine whose connections can be counted. */
async function openProxied(): Promise<AsyncDisposable & { readonly proxy: DockerProxy; readonly arming: Engine }> {
  const proxy = await openDockerProxy(dockerHost)
  const arming = openAnother(proxy.address)
  return {
    ...{ proxy, arming },
    async [Symbol.asyncDispose]() {
      await arming.close()
      await proxy.close()
    },
  }
}

/** "listener" or "exec", by whose child does it. */
async function whoRuns(id: string, free: 'stays' | 'ends', by = engine): Promise<string> {
  const program = 'if [[ $BERTH_LISTENER == "$PPID" ]]; then echo listener; else echo exec; fi'
  return (await run(id, program, free, by)).output.trim()
}

describe('whoever listens in a free container', () => {
  it('listens until the container is taken, and also for another manager', async () => {
    const id = await started()
    const another = openAnother()
    assert.equal(await whoRuns(id, 'stays'), 'listener')
    const { output } = await another.runBash(id, { program: 'cat /proc/$PPID/comm', free: 'stays', timeoutMs: 5_000 })
    assert.equal(output.trim(), 'berth-listen')
    await another.close()
    assert.equal(await whoRuns(id, 'ends'), 'listener')
    assert.equal(await whoRuns(id, 'stays'), 'exec')
  })

  it('hears what comes after a request of which a manager wrote the beginning, and died', async () => {
    const id = await started()
    const attached = spawn('docker', ['attach', '--sig-proxy=false', '--no-stdin=false', id], {
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    // In one piece, so that the second has come when the first is seen to have been done.
    const first = ': >/run/heard'
    attached.stdin.write(`berth-run 1233 0 ${first.length} more\n${first}berth-run 1234 0 1`)
    await eventually(async () => (await docker('exec', id, 'ls', '/run')).includes('heard'))
    assert.equal(await whoRuns(id, 'stays'), 'listener')
    attached.kill('SIGKILL')
    assert.equal(await whoRuns(id, 'stays'), 'listener')
  })

  it('is there again after a restart, unless the container was taken', async () => {
    const id = await started()
    await docker('restart', '--time', '0', id)
    assert.equal(await whoRuns(id, 'stays'), 'listener')
    assert.equal(await whoRuns(id, 'ends'), 'listener')
    await docker('restart', '--time', '0', id)
    assert.equal(await whoRuns(id, 'ends'), 'exec')
  })

  it('is missing in an image that says so, and is not waited for', async () => {
    const image = `${names.instance}-deaf`
    await docker('commit', '--change', 'LABEL berth.listens=', await started(), image)
    try {
      await removeGuests(engine)
      const id = await started(image)
      const began = performance.now()
      assert.equal(await whoRuns(id, 'stays'), 'exec')
      assert.ok(performance.now() - began < 4_000)
    } finally {
      await removeGuests(engine)
      await docker('image', 'rm', image)
    }
  })

  it('tells the truth about a program that is killed', async () => {
    const id = await started()
    assert.equal((await run(id, 'kill -9 $BASHPID', 'stays')).code, 137)
    assert.equal((await run(id, 'echo still here', 'stays')).output.trim(), 'still here')
  })
})

describe('what is armed', () => {
  /** How often anybody has attached to the container since then, in epoch milliseconds, as Docker tells. */
  async function attachments(id: string, since: number): Promise<number> {
    const filters = ['--filter', `container=${id}`, '--filter', 'event=attach']
    const until = String(Math.ceil(Date.now() / 1_000))
    const told = await docker('events', '--since', String(since / 1_000), '--until', until, ...filters)
    return told === '' ? 0 : told.trim().split('\n').length
  }

  /** One connection is for requests. */
  async function arm(arming: Engine, proxy: DockerProxy, ...ids: string[]): Promise<void> {
    await arming.list()
    assert.equal(proxy.connections(), 1)
    arming.arm(ids)
    await eventually(async () => {
      await arming.list()
      return proxy.connections() === 2
    })
  }

  it('is asked in a conversation that was begun before, and armed again when it is still free', async () => {
    const since = Date.now()
    const id = await started()
    await engine.list()
    engine.arm([id])
    await eventually(async () => (await attachments(id, since)) === 1)
    engine.arm([id])
    assert.equal(await whoRuns(id, 'stays'), 'listener')
    assert.equal(await attachments(id, since), 1)
    engine.arm([id])
    await eventually(async () => (await attachments(id, since)) === 2)
    assert.equal(await whoRuns(id, 'ends'), 'listener')
    assert.equal(await attachments(id, since), 2)
  })

  it('is let go when it is wanted no more, when it is gone, and when another manager has been there', async () => {
    await using proxied = await openProxied()
    const { proxy, arming } = proxied
    const armed = async () => {
      const id = await started()
      await arm(arming, proxy, id)
      return id
    }
    const letGo = () => eventually(async () => proxy.connections() === 1)
    await armed()
    arming.arm([])
    await letGo()
    await engine.remove(await armed())
    await letGo()
    const id = await armed()
    await run(id, 'true', 'stays')
    await letGo()
    assert.equal(await whoRuns(id, 'ends', arming), 'listener')
    const last = await armed()
    await arming.close()
    await eventually(async () => proxy.connections() === 0)
    assert.equal(await whoRuns(last, 'stays'), 'listener')
  })

  it('is done without when Docker has ended the conversation, or never began one', async () => {
    await using proxied = await openProxied()
    const { proxy, arming } = proxied
    const id = await started()
    await arm(arming, proxy, id, '0'.repeat(64))
    proxy.cut()
    // Whatever was asked first would be told that the connection is lost.
    await arming.list().catch(() => undefined)
    // Either, by whether it has been noticed that the conversation is over.
    const began = performance.now()
    assert.match(await whoRuns(id, 'ends', arming), /^(listener|exec)$/)
    assert.ok(performance.now() - began < 4_000)
  })
})
