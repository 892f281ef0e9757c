/** The agent of free containers, and the connections that the engine makes ahead. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { afterEach, after, describe, it } from 'node:test'
import type { Engine } from '../../../src/ports/engine.ts'
import { openDocker } from '../../../src/engine/docker/engine.ts'
import { docker } from '../../../lab/docker.ts'
import { eventually } from '../../../lab/eventually.ts'
import { removeGuests, startGuests } from '../../support/engine/guests.ts'
import { testInstance } from '../../../lab/instance.ts'
import { type DockerProxy, openDockerProxy } from '../../support/http/proxy.ts'
import { mark } from '../../../lab/database-mark.ts'

const dockerHost = process.env.DOCKER_HOST
const names = testInstance('agents')
const openAnother = (address = dockerHost) =>
  openDocker({ database: mark(), instance: names.instance, reaches: ['all'], dockerHost: address })
const engine = openAnother()

afterEach(() => removeGuests(engine))
after(() => engine.close())

async function started(image?: string): Promise<string> {
  const [guest] = await startGuests(engine, names, 1, image)
  assert.ok(guest)
  return guest.id
}

type Which = 'more' | 'last'

const run = (id: string, program: string, which: Which, by = engine) =>
  by.agent?.run(id, { program, last: which === 'last', timeoutMs: 20_000 })

/** An engine whose connections can be counted. */
async function openProxied(): Promise<AsyncDisposable & { readonly proxy: DockerProxy; readonly connecting: Engine }> {
  const proxy = await openDockerProxy(dockerHost)
  const connecting = openAnother(proxy.address)
  return {
    ...{ proxy, connecting },
    async [Symbol.asyncDispose]() {
      await connecting.close()
      await proxy.close()
    },
  }
}

/** Returns the agent's process id if the agent ran the program; undefined if an exec is needed. */
async function agentOf(id: string, which: Which, by = engine): Promise<string | undefined> {
  const result = await run(id, 'if [[ $BERTH_AGENT == "$$" ]]; then echo "agent $$"; fi', which, by)
  return result?.output.trim().match(/^agent (\d+)$/)?.[1]
}

async function assertAgent(id: string, which: Which, by = engine): Promise<void> {
  assert.match((await agentOf(id, which, by)) ?? 'none', /^\d+$/)
}

async function assertNoAgent(id: string): Promise<void> {
  assert.equal(await agentOf(id, 'more'), undefined)
}

describe('the agent of a free container', () => {
  it('runs programs until the last one, also for another manager', async () => {
    const id = await started()
    const another = openAnother()
    await assertAgent(id, 'more')
    const result = await run(id, 'cat /proc/$$/comm', 'more', another)
    assert.equal(result?.output.trim(), 'berth-listen')
    await another.close()
    await assertAgent(id, 'last')
    await assertNoAgent(id)
  })

  it('runs the next request after a manager died in the middle of one', async () => {
    const id = await started()
    const attached = spawn('docker', ['attach', '--sig-proxy=false', '--no-stdin=false', id], {
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    // In one piece, so that the second has arrived when the first is done.
    const first = ': >/run/heard'
    attached.stdin.write(`berth-run 1233 ${first.length} more\n${first}berth-run 1234 1`)
    await eventually(async () => (await docker('exec', id, 'ls', '/run')).includes('heard'))
    await assertAgent(id, 'more')
    attached.kill('SIGKILL')
    await assertAgent(id, 'more')
  })

  it('is there again after a restart, unless a tenant got in', async () => {
    const id = await started()
    await docker('restart', '--time', '0', id)
    await assertAgent(id, 'more')
    await assertAgent(id, 'last')
    await docker('restart', '--time', '0', id)
    await assertNoAgent(id)
    await assert.rejects(agentOf(id, 'last'), { code: 'guest_failed', message: /the agent does not answer/ })
  })

  it('is used in an image of the version before, which has no relay for session commands', async () => {
    const image = `${names.instance}-version3`
    const current = await started()
    assert.equal(await engine.lines?.hasRelay(current), true)
    await docker('commit', '--change', 'LABEL berth.listens=3', current, image)
    try {
      await removeGuests(engine)
      const id = await started(image)
      await assertAgent(id, 'more')
      await engine.list()
      assert.equal(await engine.lines?.hasRelay(id), false)
    } finally {
      await removeGuests(engine)
      await docker('image', 'rm', image)
    }
  })

  it('is not used in an image that says that it has none, or one of another version', async () => {
    for (const version of ['', '2']) {
      const image = `${names.instance}-version${version}`
      await docker('commit', '--change', `LABEL berth.listens=${version}`, await started(), image)
      try {
        await removeGuests(engine)
        const id = await started(image)
        const began = performance.now()
        await assertNoAgent(id)
        assert.ok(performance.now() - began < 1_000, 'it is not waited for')
      } finally {
        await removeGuests(engine)
        await docker('image', 'rm', image)
      }
    }
  })

  it('returns stdout, stderr and the exit code, and has nothing on stdin', async () => {
    const id = await started()
    const program = `read -r line || echo "nothing on stdin"; printf '%s' '${'häßlich '.repeat(20_000)}' | wc -c; echo odd >&2; exit 3`
    for (const which of ['more', 'more', 'last'] as const) {
      const result = await run(id, program, which)
      assert.equal(result?.code, 3)
      assert.deepEqual(result.output.trim().split('\n'), ['nothing on stdin', '200000', 'odd'])
    }
  })

  it('times out at the deadline', async () => {
    const id = await started()
    for (const last of [false, true]) {
      await assert.rejects(engine.agent?.run(id, { program: 'sleep 3', last, timeoutMs: 300 }) ?? Promise.resolve(), {
        code: 'engine_unavailable',
      })
    }
  })

  it('reports that a program was killed', async () => {
    const id = await started()
    assert.equal((await run(id, 'kill -9 $BASHPID', 'more'))?.code, 137)
    assert.equal((await run(id, 'echo still here', 'more'))?.output.trim(), 'still here')
  })
})

describe('connections made ahead', () => {
  /** Returns how often a client has attached to the container since then, epoch milliseconds, by Docker's events. */
  async function attachments(id: string, since: number): Promise<number> {
    const filters = ['--filter', `container=${id}`, '--filter', 'event=attach']
    const until = String(Math.ceil(Date.now() / 1_000))
    const told = await docker('events', '--since', String(since / 1_000), '--until', until, ...filters)
    return told === '' ? 0 : told.trim().split('\n').length
  }

  /** Connections of a listing: it requests containers and networks at the same time. */
  const LISTING = 2

  async function preconnect(connecting: Engine, proxy: DockerProxy, ...ids: string[]): Promise<void> {
    await connecting.list()
    assert.equal(proxy.connections(), LISTING)
    connecting.agent?.preconnect(ids)
    await eventually(async () => {
      await connecting.list()
      return proxy.connections() === LISTING + 1
    })
  }

  it('are used by the next request, and made again if the container is still free', async () => {
    const since = Date.now()
    const id = await started()
    await engine.list()
    engine.agent?.preconnect([id])
    await eventually(async () => (await attachments(id, since)) === 1)
    engine.agent?.preconnect([id])
    await assertAgent(id, 'more')
    assert.equal(await attachments(id, since), 1)
    engine.agent?.preconnect([id])
    await eventually(async () => (await attachments(id, since)) === 2)
    await assertAgent(id, 'last')
    assert.equal(await attachments(id, since), 2)
  })

  it('are closed when not wanted, when the container is gone, and when another manager used the agent', async () => {
    await using proxied = await openProxied()
    const { proxy, connecting } = proxied
    const connected = async () => {
      const id = await started()
      await preconnect(connecting, proxy, id)
      return id
    }
    const letGo = () => eventually(async () => proxy.connections() === LISTING)
    await connected()
    connecting.agent?.preconnect([])
    await letGo()
    await engine.remove(await connected())
    await letGo()
    const id = await connected()
    await run(id, 'true', 'more')
    await letGo()
    await assertAgent(id, 'last', connecting)
    const last = await connected()
    await connecting.close()
    await eventually(async () => proxy.connections() === 0)
    await assertAgent(last, 'more')
  })

  it('are optional: Docker may have ended them, or refused them', async () => {
    await using proxied = await openProxied()
    const { proxy, connecting } = proxied
    const id = await started()
    await preconnect(connecting, proxy, id, '0'.repeat(64))
    proxy.cut()
    // The first request on a lost connection would fail.
    await connecting.list().catch(() => undefined)
    const began = performance.now()
    await assertAgent(id, 'last', connecting)
    assert.ok(performance.now() - began < 4_000)
  })
})
