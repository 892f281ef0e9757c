/**
 * Tunnels to real containers, through two managers on one PostgreSQL. The address of the SSH ports in answers is one at
 * which nothing listens, as for people behind NAT: whatever logs in has come through a manager.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import type { Reserved } from '../../src/client/client.ts'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { type TestManager, testManagers } from '../../lab/manager.ts'
import { reservePorts } from '../../lab/ports.ts'
import { startPostgres } from '../../lab/postgres/server.ts'
import { pathWithRsync } from '../support/borrowed-rsync.ts'
import { TunnelClient } from '../support/http/tunnel-client.ts'
import { BERTH, testBerth } from '../support/manager/berth.ts'
import { newKeyPair } from '../../lab/key-pair.ts'
import { login } from '../support/ssh.ts'

const execute = promisify(execFile)
/** Within the loopback, but not `ssh.bind`. */
const UNREACHABLE = '127.9.9.9'
const MIB = 1024 * 1024

const postgres = await startPostgres({ fsync: 'off' })
after(() => postgres.stop())
const top = { database: await postgres.createDatabase(), auth: 'tokens', ssh: { host: UNREACHABLE } }
const managers = await testManagers('tunnel', 2, { size: 4, top })
const [first = assert.fail(), second = assert.fail()] = managers
const ann = testBerth({ BERTH_URL: second.url })
const bob = testBerth({ BERTH_URL: second.url })
const { privateKey, publicKey } = newKeyPair()
let token = ''
let reserved: Reserved
let name = ''

async function tokenOf(user: string): Promise<string> {
  const { status, body } = await first.send('POST', '/v1/tokens', { name: user })
  assert.equal(status, 201, JSON.stringify(body))
  return (body as { token: string }).token
}

before(async () => {
  const admin = await first.startWithToken()
  await second.start()
  for (const manager of managers) manager.token = admin
  await first.untilReady()
  token = await tokenOf('ann')
  ann.env['BERTH_TOKEN'] = token
  bob.env['BERTH_TOKEN'] = await tokenOf('bob')
  const key = join(ann.home, 'key.pub')
  writeFileSync(key, publicKey)
  reserved = await ann.json<Reserved>('reserve', '--count', '2', '--user', 'ann', '--name', 'web', '--key', key)
  name = reserved.containers[0]?.name ?? ''
})

/** Opens a tunnel to a container, and logs in through it. */
async function loginThrough({ url }: TestManager, container: string, some: { token?: string } = {}) {
  const headers = { authorization: `Bearer ${some.token ?? token}` }
  const tunnel = new TunnelClient({ address: url, container, headers })
  const session = await login({ port: 0, stream: tunnel.stream(), username: 'ann', privateKey })
  return { tunnel, session }
}

describe('the command, where only the manager can be reached', () => {
  it('logs in with --tunnel, as the account, to the container with the known host key', async () => {
    const direct = await ann.run('ssh', 'web', '--', 'true')
    assert.equal(direct.code, 5)
    assert.match(direct.stderr, new RegExp(`^berth: no SSH server answers at ${UNREACHABLE}:`))
    const words = ['--', 'echo "$(whoami)@$(hostname)"; exit 7']
    assert.deepEqual(await ann.run('ssh', '--tunnel', 'web', ...words), {
      code: 7,
      stdout: `ann@${name}\n`,
      stderr: '',
    })
    const { stdout } = await ann.runWith({ env: { BERTH_TUNNEL: '1' } }, 'ssh', 'web', '--', 'whoami')
    assert.equal(stdout, 'ann\n')
    assert.deepEqual(readdirSync(join(ann.home, 'tmp')), [])
  })

  it('runs a command in fresh containers, with input and variables', async () => {
    const args = ['run', '--tunnel', '--count', '2', '--env', 'SECRET', '--', 'cat; echo "$SECRET"']
    const { code, stdout, stderr } = await ann.runWith({ stdin: 'in\n', env: { SECRET: 'hush' } }, ...args)
    assert.equal(code, 0, stderr)
    assert.deepEqual([...stdout.matchAll(/ \| (.*)$/gm)].map(([, text = '']) => text).toSorted(), [
      'hush',
      'hush',
      'in',
      'in',
    ])
  })

  it('copies 20 MiB in and out', async (t) => {
    const [there, back] = [join(ann.home, 'there'), join(ann.home, 'back')]
    const content = randomBytes(20 * MIB)
    writeFileSync(there, content)
    const began = performance.now()
    const up = await ann.run('cp', '--tunnel', there, 'web:')
    const half = performance.now()
    const down = await ann.run('cp', '--tunnel', 'web:there', back)
    const rate = (ms: number) => `${Math.round((20_000 / ms) * 10) / 10} MiB/s`
    t.diagnostic(`up ${rate(half - began)}, down ${rate(performance.now() - half)}`)
    assert.deepEqual([up.code, down.code], [0, 0], up.stderr + down.stderr)
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    assert.equal(digest(readFileSync(back)), digest(content))
  })

  it('synchronizes folders', async () => {
    const env = { PATH: await pathWithRsync(join(ann.home, 'rsync')) }
    const file = join(ann.home, "it's one")
    writeFileSync(file, 'one')
    const { code, stderr } = await ann.runWith({ env }, 'sync', '--tunnel', file, 'web:synced/')
    assert.equal(code, 0, stderr)
    assert.equal((await ann.run('ssh', '--tunnel', 'web', '--', 'ls synced')).stdout, "it's one\n")
  })

  it('forwards ports', async () => {
    const script = 'import http.server as h; h.HTTPServer(("", 8000), h.SimpleHTTPRequestHandler).serve_forever()'
    await docker('exec', '-d', '-w', '/etc', name, 'python3', '-c', script)
    const [local = 0] = await reservePorts(1)
    const running = ann.start('forward', '--tunnel', 'web', `${local}:8000`)
    await eventually(async () => running.output().includes('Ctrl-C'))
    await eventually(async () => {
      const answer = await fetch(`http://127.0.0.1:${local}/hostname`)
      assert.equal((await answer.text()).trim(), name)
      return true
    })
    running.child.kill('SIGTERM')
    assert.equal((await running.ended).code, 143)
  })

  it('lets ssh and Ansible connect by what it writes, without a token in it', async () => {
    const { stdout } = await ann.run('ssh-config', '--tunnel')
    assert.ok(!stdout.includes(token))
    const file = join(ann.home, 'hosts')
    writeFileSync(file, stdout, { mode: 0o600 })
    const ssh = await execute('ssh', ['-F', file, 'web.berth', 'hostname'], { env: ann.env })
    assert.equal(ssh.stdout, `${name}\n`)
    const inventory = join(ann.home, 'berth-inventory')
    symlinkSync(`${BERTH}-inventory`, inventory)
    const { ANSIBLE_CONFIG: _ours, ...tenants } = ann.env
    // Ansible's own 10 s are short for three programs that start on a busy machine.
    const ansible = { ANSIBLE_NOCOLOR: '1', ANSIBLE_LOCALHOST_WARNING: 'False', ANSIBLE_TIMEOUT: '60' }
    const env = { ...tenants, ...ansible, BERTH_TUNNEL: '1' }
    const ping = await execute('ansible', ['-i', inventory, 'web', '-m', 'ping'], { env, cwd: ann.home }).catch(
      (error: Error & { stdout: string; stderr: string }) => error,
    )
    assert.match(ping.stdout, new RegExp(`^${name} \\| SUCCESS`, 'm'), ping.stdout + ping.stderr)
  })

  it('connects nobody to the container of another user', async () => {
    const { code, stderr } = await bob.run('proxy', name)
    assert.equal(code, 1)
    assert.match(stderr, /you have no reservation with a container/)
  })
})

describe('a tunnel to a container', () => {
  it('is one of 50 at once', async (t) => {
    const began = performance.now()
    const sessions: Awaited<ReturnType<typeof loginThrough>>['session'][] = []
    // In turns: sshd accepts 32 connections of one address that have not logged in yet.
    while (sessions.length < 50) {
      const turn = reserved.containers.flatMap((container) =>
        Array.from({ length: 5 }, (_, index) => loginThrough(index % 2 === 0 ? first : second, container.name)),
      )
      sessions.push(...(await Promise.all(turn)).map(({ session }) => session))
    }
    t.diagnostic(`50 logins in ${Math.round(performance.now() - began)} ms`)
    const outputs = await Promise.all(sessions.map((session, index) => session.exec(`echo ${index}`)))
    assert.deepEqual(
      outputs.map(({ stdout }) => Number(stdout)),
      sessions.map((_, index) => index),
    )
    for (const session of sessions) session.close()
  })

  it('is cut within a second after the reservation ends by itself', async (t) => {
    const key = join(ann.home, 'key.pub')
    const args = ['--user', 'ann', '--key', key, '--keepalive', '10s']
    const { keepalive_until: end, containers } = await ann.json<Reserved>('reserve', ...args)
    const { tunnel } = await loginThrough(second, containers[0]?.name ?? '')
    const due = performance.now() + Date.parse(end ?? '') - Date.now()
    const { code, reason, at } = await tunnel.closed
    t.diagnostic(`cut ${Math.round(at - due)} ms after the end`)
    assert.deepEqual([code, reason.slice(0, 25)], [4410, 'The reservation ended at '])
    assert.ok(at - due < 1_000, String(at - due))
  })

  it('is cut at one manager when the reservation is released at the other one', async (t) => {
    const key = join(ann.home, 'key.pub')
    const { id, containers } = await ann.json<Reserved>('reserve', '--user', 'ann', '--key', key)
    const { tunnel } = await loginThrough(second, containers[0]?.name ?? '')
    const headers = { authorization: `Bearer ${token}` }
    const began = performance.now()
    await fetch(`${first.url}/v1/reservations/${id}`, { method: 'DELETE', headers })
    const { code, at } = await tunnel.closed
    t.diagnostic(`cut ${Math.round(at - began)} ms after the request`)
    assert.equal(code, 4410)
    assert.ok(at - began < 1_000, String(at - began))
  })

  it('is cut at one manager when the token is deleted at the other one', async () => {
    const admins = await first.send('POST', '/v1/tokens', { name: 'ops', role: 'admin' })
    const { id, token: text } = admins.body as { id: string; token: string }
    const { tunnel } = await loginThrough(second, name, { token: text })
    await fetch(`${first.url}/v1/tokens/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${first.token}` },
    })
    assert.equal((await tunnel.closed).code, 4401)
  })

  it('is closed when its manager stops, and the next one goes through another manager', async () => {
    const { tunnel } = await loginThrough(second, name)
    const kept = await loginThrough(first, name)
    const session = ann.start('ssh', '--tunnel', 'web', '--', 'echo begun; sleep 60')
    await eventually(async () => session.output().includes('begun'))
    second.signal('SIGTERM')
    const { code, reason } = await tunnel.closed
    assert.deepEqual([code, reason], [1012, 'the manager stops'])
    const ended = await session.ended
    assert.equal(ended.code, 255)
    assert.match(ended.stderr, /^berth: the manager stops$/m)
    await second.died()
    const { stdout } = await ann.run('--url', first.url, 'ssh', '--tunnel', 'web', '--', 'hostname')
    assert.equal(stdout, `${name}\n`)
    assert.equal((await kept.session.exec('echo still')).stdout, 'still')
    kept.session.close()
    await once(kept.tunnel.socket, 'close')
  })
})
