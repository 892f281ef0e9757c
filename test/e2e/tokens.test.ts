/** A manager that asks for tokens, as whoever starts it for the first time meets it, on an address for everybody. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sendRaw } from '../../lab/api.ts'
import { testBerth } from '../support/manager/berth.ts'
import { testManager } from '../../lab/manager.ts'
import { openProvider } from '../support/http/identity-provider.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const TOKEN = /berth_[0-9a-f]{12}_[0-9a-f]{64}/g

const provider = await openProvider([{ sub: 'teacher', claims: { groups: ['berth-admins'] } }])
const oidc = { issuer: provider.issuer, audience: 'berth', admin_claim: 'groups=berth-admins' }
const manager = await testManager('tokens', { size: 1, top: { auth: { oidc } } })
const file = join(manager.folder, 'berth.yml')
writeFileSync(file, readFileSync(file, 'utf8').replace('listen: 127.0.0.1', 'listen: 0.0.0.0'))
const berth = testBerth({ BERTH_CONFIG: file })

function run(args: readonly string[], some: NodeJS.ProcessEnv = {}) {
  const env = { ...manager.environment, ...some }
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    env,
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { status, stdout, stderr }
}

async function whoIs(token: string): Promise<unknown> {
  const { body } = await manager.getAs<{ name: string; role: string; auth: string }>(token, '/v1/me')
  return [body.name, body.role, body.auth]
}

let first = ''

describe('a manager that asks for tokens', () => {
  it('shows one for an admin when it starts for the first time, with how to use it', async () => {
    await manager.start()
    await manager.shows(/export BERTH_TOKEN/)
    const [token = '', ...more] = manager.output.match(TOKEN) ?? []
    assert.deepEqual(more, [], 'it is shown more than once')
    assert.match(manager.output, new RegExp(`^ +export BERTH_TOKEN=${token}$`, 'm'))
    assert.match(manager.output, /^ {2}access +with a token, or one of http:\/\/127/m)
    assert.deepEqual(await whoIs(token), ['admin', 'admin', 'token'])
    first = token
  })

  it('lends to whoever has one, whatever they call it, and to nobody else', async () => {
    assert.equal((await manager.get('/reserve?username=alice')).status, 401)
    manager.token = first
    await manager.untilReady()
    const port = Number(new URL(manager.url).port)
    const ask = (more: string) =>
      sendRaw(port, `GET /available HTTP/1.1\r\nHost: lab.example\r\nConnection: close\r\n${more}\r\n`)
    assert.match(await ask(''), /^HTTP\/1\.1 401 Unauthorized\r\n[\s\S]*www-authenticate: Bearer/i)
    assert.match(await ask(`Authorization: Bearer ${first}\r\n`), /^HTTP\/1\.1 200 OK\r\n/)
    assert.equal((await manager.reserve({ username: 'alice' })).containers.length, 1)
    assert.equal((await manager.get('/release_all')).status, 200)
  })

  it('lets in whom the identity provider knows', async () => {
    assert.deepEqual(await whoIs(await provider.token('teacher')), ['oidc:teacher', 'admin', 'oidc'])
  })

  it('takes those that are made on its machine, at once', async () => {
    const { code, stdout, stderr } = await berth.run('token', 'create', '--admin', '--name', 'alice')
    assert.equal(code, 0, stderr)
    assert.match(stdout, new RegExp(`^${TOKEN.source}\n$`))
    assert.equal(stderr, 'Token for alice (admin), shown only once:\n')
    assert.deepEqual(await whoIs(stdout.trim()), ['alice', 'admin', 'token'])
    const limits = ['--containers', '2', '--duration', '8h', '--pool', manager.pool]
    const limited = await berth.run('token', 'create', '--name', 'ci', '--expires', '1d', ...limits)
    const { body } = await manager.getAs<object>(limited.stdout.trim(), '/v1/me')
    const { expires_at, ...rest } = body as { expires_at: string }
    assert.ok(Math.abs(Date.parse(expires_at) - Date.now() - 86_400_000) < 60_000)
    assert.deepEqual(rest, {
      name: 'ci',
      role: 'user',
      auth: 'token',
      containers_held: 0,
      limits: { containers: 2, duration_seconds: 28_800, pools: [manager.pool] },
    })
  })

  it('lists the same tokens to the command over the API and from the database', async () => {
    const online = { env: { BERTH_URL: manager.url, BERTH_TOKEN: first } }
    const listed = await berth.runWith(online, 'token', 'ls', '--json')
    for (const env of [{}, online.env]) {
      const offline = await berth.runWith({ env }, 'token', 'ls', '--json', '--offline')
      assert.deepEqual(JSON.parse(listed.stdout), JSON.parse(offline.stdout))
    }
    const { tokens } = JSON.parse(listed.stdout) as { tokens: { id: string; name: string }[] }
    assert.deepEqual(
      tokens.map(({ name }) => name),
      ['admin', 'alice', 'ci'],
    )
    const table = await berth.run('token', 'ls')
    assert.match(
      table.stdout,
      /^ID +NAME +ROLE +CREATED +EXPIRES +LAST USED +LIMITS\n.* ci +user .* in 1d +\d\d:\d\d +2 containers, 8h, of tokens/ms,
    )
    const made = await berth.runWith(online, 'token', 'create', '--name', 'bob', '--json')
    const { id, token } = JSON.parse(made.stdout) as { id: string; token: string }
    assert.deepEqual(await whoIs(token), ['bob', 'user', 'token'])
    assert.equal((await berth.runWith(online, 'token', 'rm', id)).stdout, `Removed ${id}.\n`)
    const gone = await berth.runWith({ env: { ...online.env, BERTH_TOKEN: token } }, 'whoami')
    assert.equal(gone.code, 4)
    assert.match(gone.stderr, /berth login/)
    const again = await berth.run('token', 'rm', id)
    assert.deepEqual({ code: again.code, said: /there is no token/.test(again.stderr) }, { code: 1, said: true })
  })

  for (const [args, code, says] of [
    [['create'], 2, /^berth: required option '--name <name>' not specified/],
    [['make', '--name', 'a'], 2, /^berth: unknown (command 'make'|option '--name')/],
    [
      ['create', '--name', 'berth', '--pool', 'x'],
      2,
      /^berth: name must not be berth, .*\nlimits\.pools must be among: /,
    ],
    [['create', '--name', 'a', '--containers', 'many'], 2, /^berth: option '--containers <number>' .* whole number/],
    [['create', '--name', 'a', '--colour', 'red'], 2, /^berth: unknown option '--colour'/],
    [['ls', '--offline', '--url', 'http://x'], 2, /^berth: --offline must not be combined with --url/],
  ] as const) {
    it(`refuses berth token ${args.join(' ')}`, async () => {
      const ran = await berth.run('token', ...args)
      assert.deepEqual({ code: ran.code, stdout: ran.stdout }, { code, stdout: '' })
      assert.match(ran.stderr, says)
      assert.doesNotMatch(ran.stderr, /\n {4}at /)
    })
  }

  it('is one of two managers for a command with a config file, which is for its owner alone', async () => {
    const config = join(berth.home, '.config/berth/config.yml')
    const login = await berth.runWith({ stdin: `${first}\n` }, 'login', manager.url)
    assert.equal(login.stdout, `You are admin (admin) at ${manager.url}; saved in ${config}.\n`)
    const whoami = await berth.run('whoami')
    assert.match(whoami.stdout, new RegExp(`^manager +${manager.url}\nyou +admin, admin \\(token\\)\ncontainers +0\n`))
    assert.equal((await berth.run('--url', manager.url.replace('127.0.0.1', 'localhost'), 'ls')).code, 4)
    chmodSync(config, 0o644)
    const open = await berth.run('ls')
    assert.equal(open.code, 2)
    assert.match(open.stderr, new RegExp(`accessible to other users.*\n {2}chmod 600 ${config}`))
    rmSync(config)
    const wrong = await berth.runWith({ stdin: 'berth_wrong\n' }, 'login', manager.url)
    assert.deepEqual({ code: wrong.code, kept: existsSync(config) }, { code: 4, kept: false })
  })

  it('does not serve everybody on that address', () => {
    const { status, stderr } = run([], { BERTH_AUTH: 'none' })
    assert.equal(status, 1)
    assert.match(
      stderr,
      /listen: must be a loopback address such as 127\.0\.0\.1:8080 with auth: none, not "0\.0\.0\.0"/,
    )
  })

  it('shows none when it starts again, and takes those that it knows', async () => {
    const shown = manager.output.split(first).length - 1
    assert.equal(shown, 1, 'the token is in its log')
    await manager.kill()
    await manager.start()
    await manager.untilReady()
    assert.deepEqual(manager.output.match(TOKEN), null)
    assert.doesNotMatch(manager.output, /BERTH_TOKEN/)
    assert.deepEqual(await whoIs(first), ['admin', 'admin', 'token'])
  })
})
