/** The README's commands where the caller's locale, path, umask, home, stdin and temporary folder are hostile. */
import assert from 'node:assert/strict'
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { dockerLines } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { copyCheckout, endGroup, HostileCheckout, type Surroundings } from '../support/manager/hostile-checkout.ts'
import { newInstance, removeLeaving } from '../../lab/instance.ts'
import type { Reserved } from '../../lab/manager.ts'
import { reservePorts } from '../../lab/ports.ts'
import { loginAndRun } from '../support/ssh.ts'

const READY_TIMEOUT_MS = 120_000
const { instance, pool } = newInstance('hostile')
const names = [`${pool}-1`, `${pool}-2`]
const [apiPort = 0, ...sshPorts] = await reservePorts(3)
const url = `http://127.0.0.1:${apiPort}`
const { checkout, temporary } = copyCheckout()
const state = join(checkout, '..', 'st ate')
after(() => removeLeaving(instance, []))

writeFileSync(
  join(checkout, 'my prep.yml'),
  stringify([{ hosts: 'all', gather_facts: false, tasks: [{ 'ansible.builtin.command': 'touch /prepared' }] }]),
)
writeFileSync(
  join(checkout, 'berth.yml'),
  stringify({
    listen: `127.0.0.1:${apiPort}`,
    instance,
    auth: 'none',
    pools: { [pool]: { size: names.length, ssh_ports: sshPorts.join(','), prepare: 'my prep.yml' } },
  }),
)

const common = {
  BERTH_URL: url,
  TMPDIR: temporary,
  CDPATH: '/usr:.:/',
  ENV: '/nowhere',
  NO_COLOR: '1',
  BERTH_LOG: 'warn',
  // npx asks the registry about a version that it has, otherwise.
  npm_config_prefer_offline: 'true',
}
/**
 * HOME is not set, nor is TERM. Without the two folders, the command would write into the home of whoever runs the
 * tests.
 */
const homeless: Surroundings = {
  umask: '0077',
  env: { ...common, LC_ALL: 'de_DE.UTF-8', LANGUAGE: 'xx', XDG_STATE_HOME: state, XDG_CONFIG_HOME: state },
}
const open: Surroundings = {
  umask: '0000',
  env: {
    ...common,
    LC_ALL: 'POSIX',
    HOME: state,
    BERTH_ACCOUNTS: 'ansible',
    BERTH_DATABASE: 'my data.db',
    TERM: 'unheard-of',
  },
}
/** Below /proc, not even root can make a folder. */
const readOnlyHome: Surroundings = {
  umask: '0027',
  env: { ...common, BERTH_DATABASE: 'last.db', LC_ALL: 'C', HOME: '/proc/nonexistent', TMPDIR: '/proc/nonexistent' },
}

const readme = readFileSync(join(checkout, 'README.md'), 'utf8')
const rustJust = /npx --yes (rust-just@\S+) up/.exec(readme)?.[1] ?? assert.fail('the README has no npx command')
/** What npx runs: npm itself wants to write below HOME. */
const just = (
  await new HostileCheckout(checkout, homeless).succeeds('npx', '--yes', '--package', rustJust, '-c', 'command -v just')
).trim()

describe('the surroundings', () => {
  it('are hostile: Ansible refuses the locale, files are closed, there is no stdin and no home', async () => {
    const hostile = new HostileCheckout(checkout, homeless)
    const ansible = await hostile.run('ansible', '--version')
    assert.notEqual(ansible.code, 0)
    assert.match(ansible.stderr, /locale/)
    const probe = 'echo > probe; stat -c %a probe; rm probe; echo "$HOME,$TERM"; cat 2>/dev/null || echo closed'
    assert.equal(await hostile.succeeds('sh', '-c', probe), '600\n,\nclosed\n')
    assert.match(await hostile.succeeds('pwd'), /it's my "lab" ü\/x y\n$/)
  })

  it('are hostile: no folder can be made in the home that is missing', async () => {
    const { code } = await new HostileCheckout(checkout, readOnlyHome).run('sh', '-c', 'mkdir -p "$HOME" 2>/dev/null')
    assert.notEqual(code, 0)
  })
})

describe('a checkout without HOME, with umask 0077 and an unknown locale', () => {
  const hostile = new HostileCheckout(checkout, homeless)
  const berth = join(checkout, 'bin/berth')

  it('is set up within seconds, as all is there', async () => {
    assert.equal(await hostile.succeeds('images/build', '--check', 'berth/box'), 'current\n', 'run `just setup` first')
    const shown = await hostile.succeeds('npx', '--yes', rustJust, 'setup')
    assert.match(shown, /^packages +all there, skipped/m)
    assert.match(shown, /^engine +docker .* answers, skipped/m)
    assert.match(shown, /^modules +match package-lock\.json, skipped/m)
    assert.match(shown, /^web +built into web\/dist/m)
    assert.match(shown, /^image +berth\/box is up to date, skipped/m)
  })

  it('is provisioned', async () => {
    await hostile.succeeds(just, 'provision')
    assert.deepEqual(await running(), names)
  })

  it('lends containers over the endpoints, prepared by a playbook with a blank in its name', async () => {
    await whileServing(hostile, async () => {
      const { port } = await reserved(hostile)
      assert.equal(
        (await loginAndRun({ username: 'alice', password: 'test', port }, 'sudo ls /prepared')).stdout,
        '/prepared',
      )
      for (const path of ['available', 'reservations', 'release_all']) {
        assert.match(
          await hostile.succeeds('curl', '-sf', `${url}/${path}`),
          /alice|"reserved"|All containers released/,
        )
      }
    })
    assert.equal(statSync(join(checkout, 'containers.db')).mode & 0o777, 0o600)
  })

  it('has a command that works', async () => {
    await whileServing(hostile, async () => {
      await hostile.succeeds('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', 'my key')
      await hostile.succeeds(berth, 'reserve', '--key', 'my key.pub', '--user', 'bob')
      assert.match(await hostile.succeeds(berth, 'ls'), /bob/)
      assert.match(await hostile.succeeds(berth, 'show'), /bob/)
      assert.match(await hostile.succeeds(berth, 'ssh', '-i', 'my key', names[0] ?? '', 'whoami'), /^bob$/m)
      assert.match(await hostile.succeeds(berth, 'run', '--', 'echo "$(whoami) in"'), /^user in$/m)
      await hostile.succeeds(berth, 'release')
      await readyAgain(hostile)
      await hostile.succeeds(berth, 'doctor')
      await hostile.succeeds(berth, 'backup', 'back up.db')
      assert.equal(statSync(join(checkout, 'back up.db')).mode & 0o777, 0o600)
      assert.match(await hostile.succeeds(berth, 'completion', 'bash'), /complete/)
    })
  })

  it('tries the playbook of accounts', async () => {
    assert.match(await hostile.succeeds(just, 'test-playbook'), /ok +log in is refused/)
  })

  it('is unprovisioned', async () => {
    await hostile.succeeds(just, 'unprovision')
    assert.deepEqual(await running(), [])
  })
})

describe('a checkout that everybody may write, with umask 0000 and accounts by Ansible', () => {
  it('is provisioned, lends, and is unprovisioned', async () => {
    for (const place of [checkout, join(checkout, 'ansible'), join(checkout, 'ansible/ansible.cfg')])
      chmodSync(place, 0o777)
    const hostile = new HostileCheckout(checkout, open)
    await hostile.succeeds(just, 'provision')
    await whileServing(hostile, async () => {
      const { port } = await reserved(hostile)
      assert.equal((await loginAndRun({ username: 'alice', password: 'test', port }, 'sudo whoami')).stdout, 'root')
      await hostile.succeeds('curl', '-sf', `${url}/release_all`)
    })
    await hostile.succeeds(just, 'unprovision')
    assert.deepEqual(await running(), [])
  })
})

describe('a checkout whose user has neither a home nor a temporary folder', () => {
  const hostile = new HostileCheckout(checkout, readOnlyHome)

  it('is set up, lends, and is unprovisioned', async () => {
    const shown = await hostile.succeeds(just, 'setup')
    assert.match(shown, /^image +berth\/box is up to date, skipped/m)
    assert.match(shown, /^web +is up to date, skipped/m)
    await whileServing(hostile, async () => {
      assert.match(await hostile.succeeds(join(checkout, 'bin/berth'), 'run', '--', 'whoami'), /^user$/m)
    })
    await hostile.succeeds(just, 'unprovision')
  })

  it('is cleaned', async () => {
    await hostile.succeeds(just, 'clean')
    assert.deepEqual(
      readdirSync(checkout).filter((name) => /^(node_modules|containers\.db.*)$/.test(name)),
      [],
    )
  })
})

describe('the temporary folder', () => {
  it('is empty in the end', async () => {
    // A run of Ansible that outlives its manager removes its own folder.
    await eventually(async () => {
      // npm's own cache stays: npx makes it.
      const left = readdirSync(temporary).filter((name) => name !== 'node-compile-cache')
      assert.deepEqual(left, [])
      return true
    })
  })
})

/** `just run` until `work` is done; then Ctrl-C, which must end it as it should. */
async function whileServing(hostile: HostileCheckout, work: () => Promise<void>): Promise<void> {
  const { child, output } = hostile.start(just, 'run')
  const ended = new Promise((resolve) => child.once('close', resolve))
  try {
    await eventually(async () => output.stdout.includes('serving') || child.exitCode !== null)
    assert.equal(child.exitCode, null, output.stderr)
    await readyAgain(hostile)
    await work()
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${output.stderr.slice(-4_000)}`, {
      cause: error,
    })
  } finally {
    endGroup(child, 'SIGINT')
    await ended
  }
}

/**
 * A playbook prepares each container, and with `accounts: ansible` further ones try the account: on a busy machine
 * that is long.
 */
async function readyAgain(hostile: HostileCheckout): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  let last = ''
  while (performance.now() < deadline) {
    last = (await hostile.run('curl', '-sf', `${url}/available`)).stdout
    if (names.every((name) => last.includes(`"${name}"`)) && last.includes('"reserved":[]')) return
    await sleep(200)
  }
  const { stdout } = await hostile.run('curl', '-s', `${url}/v1/containers`)
  throw new Error(`not ready within ${READY_TIMEOUT_MS} ms: ${last}
${stdout}`)
}

async function reserved(hostile: HostileCheckout): Promise<{ port: number }> {
  const answer = await hostile.succeeds('curl', '-s', `${url}/reserve?username=alice&password=test&count=1`)
  const { status, containers } = JSON.parse(answer) as Reserved
  assert.equal(status, 'success', answer)
  return containers[0] ?? assert.fail(answer)
}

async function running(): Promise<string[]> {
  const lines = await dockerLines('ps', '--filter', `label=berth.instance=${instance}`, '--format', '{{.Names}}')
  return lines.toSorted()
}
