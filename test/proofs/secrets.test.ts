/** Passwords and tokens of a whole run on real Docker, looked for everywhere that a machine could have kept them. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { mintToken } from '../../src/usecases/token-secret.ts'
import { testBerth } from '../support/manager/berth.ts'
import { docker, dockerLines } from '../../lab/docker.ts'
import { type TestManager, testManager } from '../../lab/manager.ts'
import { effort, tried } from '../../lab/proof.ts'
import { findSecrets, formsOf } from '../support/text/secret-forms.ts'
import { newKeyPair } from '../../lab/key-pair.ts'
import { loginAndRun } from '../support/ssh.ts'
import { seenInProcesses } from '../support/manager/watch-processes.ts'

const TOKEN = /berth_[0-9a-f]{12}_[0-9a-f]{64}/
const HASH = /\$6\$(?:rounds=\d+\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{20,}/
const SECRETS = {
  'the password of a URL': 'pw in+a/URL %41 ÄQ7x',
  'the password of a body': 'pw"in{a}body\\ ÖQ8y',
  'the password of a failed reserve': 'pw-failed-reserve-Q9z',
  'the password of a foreign name': 'pw-root-Q3w',
}

const folders = { native: testBerth().home, ansible: testBerth().home }
const managers = { native: await open('native'), ansible: await open('ansible') }

/** Its temporary files are in a folder of its own. */
function open(accounts: 'native' | 'ansible'): Promise<TestManager> {
  const top = { auth: 'tokens', accounts, log: 'debug' }
  return testManager(`secrets-${accounts}`, { size: 3, top, env: { TMPDIR: join(folders[accounts], 'tmp') } })
}

interface Run {
  /** By what they are, such as "the first token". */
  readonly secrets: Record<string, string>
  /** Everything that was written or printed, by place. */
  readonly places: Record<string, string | Buffer>
  readonly processes: string[]
}

/** `thorough`: with everything for which accounts are made several times. */
async function wholeRun(accounts: 'native' | 'ansible', thorough: boolean): Promise<Run> {
  const manager = managers[accounts]
  const tmp = join(folders[accounts], 'tmp')
  const sought: string[] = Object.values(SECRETS)
  const keep = (name: string, secret: string) => {
    secrets[name] = secret
    sought.push(secret)
  }
  const secrets: Record<string, string> = { ...SECRETS }
  const places: Record<string, string | Buffer> = {}
  const answers: string[] = []
  const ask = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const answer = await fetch(manager.url + path, {
      method,
      headers: { authorization: `Bearer ${manager.token}`, 'content-type': 'application/json', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    })
    return { status: answer.status, text: await answer.text() }
  }
  /** An answer that may not show anything. */
  const note = async (...asked: Parameters<typeof ask>) => {
    const answer = await ask(...asked)
    answers.push(answer.text)
    return answer
  }
  const secretOf = (text: string) => TOKEN.exec(text)?.[0] ?? assert.fail(`no token in ${text}`)

  await manager.start()
  await manager.shows(TOKEN)
  const first = secretOf(manager.output)
  // The first start shows it, once.
  manager.output = manager.output.replace(first, '')
  manager.token = first
  secrets['the first token'] = first.slice(-64)
  const berth = testBerth({ BERTH_CONFIG: join(manager.folder, 'berth.yml'), BERTH_URL: manager.url })
  /** The same request twice; a container that is lost while it is held, whose account is made again, from its hash. */
  const repeatAndLose = async (lost: string) => {
    const key = `key-${crypto.randomUUID()}`
    keep('an Idempotency-Key', key)
    const generated = await ask('POST', '/v1/reservations', { username: 'carol' }, { 'idempotency-key': key })
    const { password, id: third } = JSON.parse(generated.text) as { password: string; id: string }
    keep('a generated password', password)
    await ask('POST', '/v1/reservations', { username: 'carol' }, { 'idempotency-key': key })
    assert.equal((await note('DELETE', `/v1/reservations/${third}`)).status, 200)

    // The account is made again, from its hash.
    await docker('rm', '--force', lost)
    await manager.until('made again', (all) =>
      all.some((c) => c.name === lost && c.generation > 1 && c.state === 'reserved'),
    )
    await manager.until('all at rest', (all) => all.every(({ state }) => state === 'ready' || state === 'reserved'))
  }
  /** Everything from now on happens while all processes of the machine are watched. */
  const watched = async () => {
    await manager.untilReady()
    const query = new URLSearchParams({ username: 'alice', password: SECRETS['the password of a URL'] })
    const reserved = await ask('GET', `/reserve?${query}`)
    assert.equal(reserved.status, 200, reserved.text)
    const { containers } = JSON.parse(reserved.text) as { containers: { container: string; port: number }[] }
    const login = { port: containers[0]?.port ?? 0, username: 'alice', password: SECRETS['the password of a URL'] }
    assert.equal((await loginAndRun(login, 'whoami')).stdout, 'alice')

    const given = SECRETS['the password of a body']
    const v1 = await ask('POST', '/v1/reservations', { username: 'bob', password: given, note: 'for the demo' })
    assert.equal(v1.status, 201, v1.text)
    places['the answer to a given password'] = v1.text
    const { id } = JSON.parse(v1.text) as { id: string }
    await note('PATCH', `/v1/reservations/${id}`, { extend: '5m' })

    if (thorough) await repeatAndLose(containers[0]?.container ?? '')
    const failing = SECRETS['the password of a failed reserve']
    const bad = SECRETS['the password of a foreign name']
    assert.equal((await note('GET', `/reserve?username=dave&count=3&password=${failing}`)).status, 409)
    assert.equal((await note('POST', '/v1/reservations', { username: 'root', password: bad })).status, 422)
    assert.equal((await note('POST', '/v1/reservations', { username: 'dave', password: bad, colour: bad })).status, 422)
    assert.equal((await note('GET', `/reserve?username=dave&pass=${failing}`)).status, 400)
    assert.equal((await note('GET', `/reserve/dave/${failing}`)).status, 404)

    const made = await berth.runWith({}, 'token', 'create', '--offline', '--name', 'erin', '--admin')
    const second = secretOf(made.stdout)
    keep('a token made offline', second.slice(-64))
    const online = { env: { BERTH_TOKEN: second } }
    const madeOnline = await berth.runWith(online, 'token', 'create', '--name', 'frank', '--json')
    keep('a token made online', secretOf(madeOnline.stdout).slice(-64))
    const near = mintToken().text
    for (const wrong of [
      `${first}0`,
      first.replace(/.$/, 'g'),
      first.toUpperCase(),
      `${first.slice(0, 18)}${near.slice(18)}`,
    ]) {
      await note('GET', '/v1/me', undefined, { authorization: `Bearer ${wrong}` })
    }
    await note('GET', `/v1/me?token=${first}`)
    await note('GET', `/${first}`)
    const pair = newKeyPair()
    keep('a private key', pair.privateKey.split('\n')[3] ?? assert.fail('no key'))
    const ran = await berth.runWith(online, 'reserve', '--key', writeKey(berth.home, pair.publicKey), '--user', 'gina')
    places['the command'] = ran.stdout + ran.stderr
    for (const args of [
      ['ls', '--everybody'],
      ['events'],
      ['whoami'],
      ['token', 'ls'],
      ['doctor'],
      ['show', id.slice(0, 8)],
    ]) {
      const { stdout, stderr } = await berth.runWith(online, ...args)
      places[`berth ${args.join(' ')}`] = stdout + stderr
    }
    const copy = await berth.run('backup', join(manager.folder, 'copy.db'))
    assert.equal(copy.code, 0, copy.stderr)
    for (const path of [
      '/v1/events?limit=1000',
      '/v1/reservations',
      '/v1/containers',
      '/v1/tokens',
      '/v1/usage',
      '/v1/series',
      '/metrics',
      '/readyz',
      '/reservations',
      '/available',
    ]) {
      places[path] = (await note('GET', path)).text
    }
    places['the answers'] = answers.join('\n')
    await lookInto(manager, places)
    await note('GET', '/release_all')
  }
  // Ansible's files are gone when it is done: they are read while they are there.
  const reading = setInterval(() => {
    for (const [name, content] of filesIn(tmp)) places[`temporary ${name}`] = content
  }, 25)
  const processes = await seenInProcesses(sought, watched).finally(() => clearInterval(reading))
  places['the log'] = manager.output
  for (const [name, content] of filesIn(manager.folder)) places[name] = content
  assert.deepEqual(filesIn(tmp), [], 'temporary files were left behind')
  // The client has its token in its environment: that is how it is given one.
  const shown = processes.map((line) => line.replaceAll(/BERTH_TOKEN=\S+/g, ''))
  return { secrets, places, processes: shown.filter((line) => sought.some((secret) => line.includes(secret))) }
}

function writeKey(home: string, publicKey: string): string {
  const file = join(home, 'id.pub')
  writeFileSync(file, `${publicKey}\n`)
  return file
}

/** What Docker, and a tenant inside, can see of the containers. */
async function lookInto({ instance }: TestManager, places: Record<string, string | Buffer>): Promise<void> {
  const names = await dockerLines(
    'ps',
    '--all',
    '--filter',
    `label=berth.instance=${instance}`,
    '--format',
    '{{.Names}}',
  )
  for (const name of names) {
    places[`docker inspect ${name}`] = await docker('inspect', name)
    places[`docker logs ${name}`] = `${await docker('logs', name)} `
    places[`docker top ${name}`] = await docker('top', name, 'axww')
    places[`the inside of ${name}`] = await docker('exec', name, 'sh', '-c', INSIDE)
  }
  places['docker events'] =
    `${await docker('events', '--since', '5m', '--until', '0s', '--filter', `label=berth.instance=${instance}`)} `
}

/** Everything but the shadow file, which is where the hash belongs. */
const INSIDE = `cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null
find /root /home /tmp /var/log /var/tmp /run /etc -xdev -type f ! -name 'shadow*' ! -name 'gshadow*' -size -1000k -exec cat {} + 2>/dev/null; true`

function filesIn(folder: string): (readonly [string, Buffer])[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile())
    .flatMap((name) => {
      try {
        return [[name, readFileSync(join(folder, name))] as const]
      } catch {
        // Gone since it was listed.
        return []
      }
    })
}

/** Where the hash of a password may be: the database, and what ansible-playbook reads, both for their owner alone. */
const MAY_HAVE_HASHES = /^(containers\.db|copy\.db|temporary )/
/** Places that may be empty. All others must have content, or nothing was searched. */
const MAY_BE_EMPTY = /^(docker logs|docker events|containers\.db-|temporary )/

function proveSilent({ secrets, places, processes }: Run): number {
  for (const [place, content] of Object.entries(places)) {
    assert.ok(content.length > 0 || MAY_BE_EMPTY.test(place), `${place} is empty: nothing was looked at`)
  }
  assert.deepEqual(findSecrets(secrets, places), [])
  assert.deepEqual(processes, [], 'in the arguments or the environment of a process')
  const hashed = Object.entries(places).filter(([, content]) => HASH.test(content.toString('latin1')))
  const names = hashed.map(([place]) => place)
  assert.deepEqual(
    names.filter((place) => !MAY_HAVE_HASHES.test(place)),
    [],
    'the hash of a password',
  )
  // It is there where it belongs: the search for hashes can find one.
  assert.ok(
    names.some((place) => place.startsWith('containers.db')),
    names.join(),
  )
  // And each secret is found in each form where it is planted, in the middle of what was searched.
  for (const [name, secret] of Object.entries(secrets)) {
    for (const [form, shape] of Object.entries(formsOf(secret))) {
      const log = String(places['the log'])
      const planted = log.slice(0, log.length / 2) + shape + log.slice(log.length / 2)
      assert.ok(findSecrets({ [name]: secret }, { planted }).length > 0, `${name} as ${form} would not be found`)
    }
  }
  return Object.keys(places).length * Object.keys(secrets).length * Object.keys(formsOf('x')).length
}

it('No password, token or key of a whole run is in a log, an event, an answer, a process, a container or a file, in any form', async (t) => {
  const run = await wholeRun('native', true)
  tried(t, proveSilent(run), 'searches for a secret, in a place and a form')
  tried(t, Object.keys(run.places).length, 'places searched')
})

it("With accounts made by Ansible, no password, token or key is in Ansible's output or temporary files either", async (t) => {
  const run = await wholeRun('ansible', effort({ test: 0, prove: 1 }) === 1)
  const files = Object.keys(run.places).filter((place) => place.startsWith('temporary '))
  assert.ok(
    files.some((place) => place.includes('variables.yml')),
    'no file of Ansible was seen',
  )
  tried(t, proveSilent(run), 'searches for a secret, in a place and a form')
  tried(t, Object.keys(run.places).length, 'places searched')
})
