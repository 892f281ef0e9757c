/** One tenant after another in the same slot, and tenants who do damage. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { after, afterEach, before, describe, it } from 'node:test'
import { docker, dockerLines } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { type Reserved, testManager } from '../../lab/manager.ts'
import { LOOK, MARKERS, markersIn, PLANT } from '../support/text/markers.ts'
import { effort, tried } from '../../lab/proof.ts'
import { newKeyPair } from '../../lab/key-pair.ts'
import { isRefused, login, loginAndRun } from '../support/ssh.ts'

// The base is Alpine, or Debian where no registry has Alpine (images/base). The scan suits both.
const image = `berth/residue:${process.pid}`
const manager = await testManager('residue', { size: 1, pool: { image } })
const place = `${manager.pool}-1`

before(async () => {
  // With a volume, as a user's own image may have: it outlives a container that is removed without it.
  const template = await docker('create', 'berth/box')
  await docker('commit', '--change', 'VOLUME /data', template, image)
  await docker('rm', template)
  await manager.start()
  await manager.untilReady()
})

afterEach(() => manager.get('/release_all'))
after(async () => {
  await docker('image', 'rm', '--force', image)
})

async function reserve(
  username: string,
): Promise<{ credentials: { port: number; username: string; password: string }; hostKey: string }> {
  await manager.untilReady()
  const { containers, password }: Reserved = await manager.reserve({ username, password: `pw of ${username}` })
  const [only] = containers
  assert.ok(only)
  return { credentials: { port: only.port, username, password }, hostKey: only.host_key }
}

describe('two tenants after one another', () => {
  it('The next tenant finds no trace of the one before, whatever that one planted', async (t) => {
    const { privateKey, publicKey } = newKeyPair()
    let cases = 0
    for (let round = 0; round < effort({ test: 1, prove: 3 }); round += 1) {
      const first = await reserve('mallory')
      const session = await login(first.credentials)
      await session.exec(`mkdir -p ~/.ssh && echo '${publicKey}' > ~/.ssh/authorized_keys`)
      assert.deepEqual(markersIn((await session.exec(PLANT)).stdout), [], 'could not be planted')
      assert.deepEqual(markersIn((await session.exec(LOOK)).stdout), MARKERS, 'the scan sees them all')
      await manager.get('/release_all')
      await session.closed

      const second = await reserve('bob')
      const clean = await login(second.credentials)
      assert.deepEqual(markersIn((await clean.exec(LOOK)).stdout), [], 'left behind')
      assert.notEqual(second.hostKey, first.hostKey)
      assert.equal(clean.hostKey, second.hostKey)
      clean.close()
      const { port } = first.credentials
      assert.equal(await isRefused(first.credentials), true)
      assert.equal(await isRefused({ port, username: 'mallory', privateKey }), true)
      assert.equal(await isRefused({ port, username: 'toor', password: 'toor' }), true)
      await manager.get('/release_all')
      cases += MARKERS.length
    }
    tried(t, cases, 'markers')
  })

  it('Nothing of a used container is left on the host: no volume, no process, no address', async (t) => {
    const { credentials } = await reserve('litterer')
    const session = await login(credentials)
    await session.exec('echo mine > /tmp/x; sudo cp /tmp/x /data; nohup sleep 54321 >/dev/null 2>&1 & disown')
    const [used] = JSON.parse(await docker('inspect', place)) as [Inspected]
    const [volume] = used.Mounts
    const processes = (await dockerLines('top', used.Id, '-o', 'pid,cmd')).slice(1).map((line) => line.trim())
    const pid = processes.find((line) => line.endsWith('sleep 54321'))?.split(' ')[0]
    const network = Object.keys(used.NetworkSettings.Networks)[0] ?? ''
    const group = await cgroupOf(pid)
    const left = async () => ({
      volume: await exists('volume', 'inspect', volume?.Name ?? ''),
      process: existsSync(`/proc/${pid}`),
      container: await exists('inspect', used.Id),
      address: (await docker('network', 'inspect', '--format', '{{json .Containers}}', network)).includes(used.Id),
      group: existsSync(group),
    })
    const all = { volume: true, process: true, container: true, address: true, group: true }
    assert.deepEqual(await left(), all)
    await manager.get('/release_all')
    await manager.untilReady()
    assert.deepEqual(await left(), { volume: false, process: false, container: false, address: false, group: false })
    tried(t, Object.keys(all).length, 'kinds of traces')
  })
})

interface Inspected {
  readonly Id: string
  readonly Mounts: readonly { readonly Name: string }[]
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, unknown>> }
}

/** Where this machine keeps the limits of a process, version 1 or 2. */
async function cgroupOf(pid: string | undefined): Promise<string> {
  const lines = (await readFile(`/proc/${pid}/cgroup`, 'utf8')).trim().split('\n')
  const [, kind, path] = lines.map((line) => line.split(':')).find(([, name]) => name === 'pids' || name === '') ?? []
  return `/sys/fs/cgroup/${kind}${path}`
}

async function exists(...command: string[]): Promise<boolean> {
  return docker(...command).then(
    () => true,
    () => false,
  )
}

describe('tenants who do damage', () => {
  it('A container that its tenant fills with processes is replaced in time', async (t) => {
    const { credentials } = await reserve('forker')
    const session = await login(credentials)
    void session.exec(':(){ :|:& };:').catch(() => undefined)
    await eventually(async () => (await dockerLines('top', place)).length > 200)
    await manager.get('/release_all')
    await session.closed
    await manager.untilReady()
    const { credentials: next } = await reserve('next')
    assert.equal((await loginAndRun(next, 'pgrep -c sleep')).stdout, '0')
    tried(t, 1, 'fork bombs')
  })

  it('A container that its tenant stops from inside comes back with their files, and is replaced at the end', async (t) => {
    const { credentials } = await reserve('stopper')
    await loginAndRun(credentials, 'echo precious > ~/work')
    const former = (await manager.containers())[0]
    const session = await login(credentials)
    void session.exec('sudo pkill -KILL -x sshd').catch(() => undefined)
    await session.closed
    await manager.until('it runs again', (rows) => rows.every((c) => c.state === 'reserved'))
    await eventually(async () => (await loginAndRun(credentials, 'cat ~/work')).stdout === 'precious')
    await manager.get('/release_all')
    await manager.untilReady()
    assert.equal((await manager.containers())[0]?.generation, (former?.generation ?? 0) + 1)
    tried(t, 1, 'sshds killed')
  })

  it('A container that its tenant damages beyond repair is replaced under the reservation, with the same account', async (t) => {
    const { credentials } = await reserve('breaker')
    const former = (await manager.containers())[0]
    const session = await login(credentials)
    void session.exec('sudo rm /usr/sbin/sshd; sudo pkill -KILL -x sshd').catch(() => undefined)
    await session.closed
    // It is given up after a minute: until then it may come back with its files.
    const isReplaced = (rows: Awaited<ReturnType<typeof manager.containers>>) =>
      rows.every((c) => c.state === 'reserved' && c.generation > (former?.generation ?? 0))
    await manager.until('replaced', isReplaced, 150_000)
    await eventually(async () => (await loginAndRun(credentials, 'whoami; ls ~')).stdout === 'breaker')
    tried(t, 1, 'sshds deleted')
  })
})

describe('an operator who uses docker directly', () => {
  it('A container that an operator removes is replaced under its reservation, with the same account', async (t) => {
    const { credentials } = await reserve('loser')
    await docker('rm', '--force', '--volumes', place)
    await eventually(async () => (await loginAndRun(credentials, 'whoami')).stdout === 'loser')
    tried(t, 1, 'containers removed')
  })

  it('A container that an operator pauses runs on', async (t) => {
    const { credentials } = await reserve('sleeper')
    await docker('pause', place)
    await eventually(async () => (await loginAndRun(credentials, 'whoami')).stdout === 'sleeper')
    tried(t, 1, 'containers paused')
  })

  it('A free container that an operator removes is made again', async (t) => {
    await manager.untilReady()
    const former = (await manager.containers())[0]
    await docker('rm', '--force', '--volumes', place)
    await manager.until('made again', (rows) =>
      rows.every((c) => c.state === 'ready' && c.generation > (former?.generation ?? 0)),
    )
    tried(t, 1, 'containers removed')
  })
})
