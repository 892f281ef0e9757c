/** `berth ssh-config` against a manager in memory; test/e2e/ssh-config.test.ts logs in with what it writes. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, it } from 'node:test'
import type { Reserved } from '../../../src/client/client.ts'
import { listening, openApi } from '../../../lab/api.ts'
import { testBerth } from '../../support/manager/berth.ts'
import { rogueManager } from '../../support/manager/rogue-manager.ts'
import { executables } from '../../support/text/hostile-texts.ts'

const api = await openApi()
const { address } = await listening(api)
const berth = testBerth({ BERTH_URL: address })
const SSH = join(berth.home, '.ssh')
const CONFIG = join(SSH, 'config')
const STATE = join(berth.home, '.local/state/berth/ssh')
const USERS_OWN = 'Host *\n  ForwardAgent no\n'
const INCLUDE = `# berth: added by \`berth ssh-config --install\`; \`berth ssh-config --remove\` removes it\nInclude "${STATE}/*/config"\n`

/** What ssh makes of it: option to value. */
function readBySsh(file: string, host: string): ReadonlyMap<string, string> {
  const text = execFileSync('ssh', ['-G', '-F', file, host], { encoding: 'utf8' })
  return new Map(text.split('\n').map((line) => [line.replace(/ .*/, ''), line.replace(/^\S+ /, '')]))
}

function configFile(): string {
  const [manager = ''] = readdirSync(STATE)
  return join(STATE, manager, 'config')
}

/** For `beforeEach` in a suite: at the top of a file it would run before each test of the whole process. */
async function forgetAll(): Promise<void> {
  await berth.run('release', '--all')
  await api.world.settle()
  rmSync(SSH, { recursive: true, force: true })
  rmSync(STATE, { recursive: true, force: true })
}

describe('berth ssh-config', () => {
  beforeEach(forgetAll)

  it('prints a block for each container, as ssh reads it', async () => {
    await berth.json('reserve', '--count', '2', '--user', 'alice')
    const { stdout } = await berth.run('ssh-config')
    const file = join(berth.home, 'printed')
    writeFileSync(file, stdout, { mode: 0o600 })
    const read = readBySsh(file, 'alpine-2.berth')
    const expected = { hostname: 'localhost', user: 'alice', hostkeyalias: 'alpine-2.g1.berth', identitiesonly: 'yes' }
    for (const [option, value] of Object.entries(expected)) assert.equal(read.get(option), value, option)
    assert.ok(['yes', 'true'].includes(read.get('stricthostkeychecking') ?? ''))
    assert.match(
      readFileSync(read.get('userknownhostsfile') ?? '', 'utf8'),
      /^alpine-2\.g1\.berth ssh-ed25519 \S{68}\n$/,
    )
    assert.match(readFileSync(read.get('identityfile') ?? '', 'utf8'), /PRIVATE KEY/)
    assert.equal(existsSync(CONFIG), false, 'nothing is installed')
    const { hosts } = await berth.json<{ hosts: string[] }>('ssh-config')
    assert.deepEqual(hosts, ['alpine-1.berth', 'alpine-2.berth'])
  })

  it('has another name of the host key for another generation', async () => {
    const aliasOf = async () => {
      await berth.json('reserve')
      await berth.run('ssh-config')
      const alias = readBySsh(configFile(), 'alpine-1.berth').get('hostkeyalias')
      await berth.run('release', '--all')
      await api.world.settle()
      return alias
    }
    const [first, second] = [await aliasOf(), await aliasOf()]
    assert.notEqual(first, second)
    assert.match(second ?? '', /^alpine-1\.g\d+\.berth$/)
  })

  it('names containers after their reservation, too, unless another reservation has that name', async () => {
    await berth.json('reserve', '--count', '2', '--name', 'web')
    await berth.json('reserve', '--name', 'web-2')
    const { stdout } = await berth.run('ssh-config')
    assert.deepEqual(
      [...stdout.matchAll(/^Host (.*)$/gm)].map(([, names = '']) => names),
      ['alpine-1.berth web.berth web-1.berth', 'alpine-2.berth', 'alpine-3.berth web-2.berth web-2-1.berth'],
    )
  })

  it('leaves out what ssh could misread, and says so', async () => {
    const planted = join(berth.home, 'planted')
    mkdirSync(planted)
    const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)}`
    const good = { name: 'p-1', host: '127.0.0.1', port: 1, host_key: null, known_hosts: `x ${key}`, generation: 3 }
    const bad = executables(planted).flatMap((text) => [
      { ...good, name: text },
      { ...good, name: 'p-2', host: text },
      { ...good, name: 'p-3', known_hosts: `x ${key} ${text}` },
      { ...good, name: 'p-4', known_hosts: `x ${key}\n${text}` },
      { ...good, name: 'p-5', generation: text },
      { ...good, name: '../p-6' },
    ])
    const tame = { id: '0a000000-0000-4000-8000-000000000001', state: 'active', role: 'admin', username: 'alice' }
    const url = await rogueManager({ texts: ['x'], tame: { ...tame, containers: [good, ...bad] } })
    const { stdout, stderr } = await berth.runWith({ env: { BERTH_URL: url } }, 'ssh-config')
    assert.deepEqual(
      [...stdout.matchAll(/^Host (.*)$/gm)].map(([, name]) => name),
      // The rogue manager names the reservation x.
      ['p-1.berth x.berth x-1.berth'],
    )
    assert.equal(stderr.match(/left out of ssh's configuration/g)?.length, bad.length)
    assert.deepEqual(readdirSync(planted), [])
  })
})

describe('berth ssh-config --install', () => {
  beforeEach(forgetAll)

  it('shows the lines, asks, and adds them once, at the top', async () => {
    mkdirSync(SSH, { mode: 0o700 })
    writeFileSync(CONFIG, USERS_OWN, { mode: 0o640 })
    chmodSync(CONFIG, 0o640)
    const refused = await berth.run('ssh-config', '--install')
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /added at the top of .*\n {2}# berth: .*\n {2}Include ".*"\n.*no terminal.*\n.*--yes/)
    const no = await berth.inTerminalWith({ at: /\[y\/N\]/, type: 'n\n' }, 'ssh-config', '--install')
    assert.match(no.shown, /Nothing was changed/)
    assert.equal(readFileSync(CONFIG, 'utf8'), USERS_OWN)

    const yes = await berth.inTerminalWith({ at: /\[y\/N\]/, type: 'y\n' }, 'ssh-config', '--install')
    assert.equal(yes.code, 0, yes.shown)
    assert.equal(readFileSync(CONFIG, 'utf8'), `${INCLUDE}\n${USERS_OWN}`)
    assert.equal(statSync(CONFIG).mode & 0o777, 0o640)
    const again = await berth.run('ssh-config', '--install')
    assert.match(again.stdout, /includes berth's hosts already/)
    assert.equal(readFileSync(CONFIG, 'utf8'), `${INCLUDE}\n${USERS_OWN}`)
  })

  it('is taken back by --remove, and leaves nothing', async () => {
    mkdirSync(SSH, { mode: 0o700 })
    const dotfile = join(berth.home, 'dotfile')
    writeFileSync(dotfile, USERS_OWN)
    symlinkSync(dotfile, CONFIG)
    await berth.run('ssh-config', '--install', '--yes')
    assert.match(readFileSync(dotfile, 'utf8'), /^# berth:/, 'a link stays one')
    assert.equal((await berth.run('ssh-config', '--remove')).stdout, `Removed from ${CONFIG}.\n`)
    assert.equal(readFileSync(CONFIG, 'utf8'), USERS_OWN)
    assert.equal(existsSync(STATE), false)
    assert.match((await berth.run('ssh-config', '--remove')).stdout, /does not include berth's hosts/)
  })

  it('is kept up to date by reserve, ls and release', async () => {
    assert.equal((await berth.run('ssh-config', '--install', '--yes')).code, 0)
    const hosts = () => [...readFileSync(configFile(), 'utf8').matchAll(/^Host (.*)$/gm)].map(([, name]) => name)
    assert.deepEqual(hosts(), [])
    await berth.json<Reserved>('reserve', '--count', '2')
    assert.deepEqual(hosts(), ['alpine-1.berth', 'alpine-2.berth'])
    const { port } = Object.fromEntries(readBySsh(CONFIG, 'alpine-1.berth'))
    assert.equal(port, '2221', 'included')
    const { reservations } = await api.world.store.snapshot()
    const row = await api.world.store.container('alpine-1')
    assert.ok(row && reservations.length === 1)
    await api.world.store.updateContainer(row, { port: 3_333 }, api.world.now())
    await berth.run('extend', 'alpine-1', '--by', '5m')
    assert.equal(readBySsh(CONFIG, 'alpine-1.berth').get('port'), '3333')
    await berth.run('release', '--all')
    assert.deepEqual(hosts(), [])
    assert.deepEqual(readdirSync(join(configFile(), '../known_hosts')), [])
  })

  it('is not touched by other commands before', async () => {
    await berth.json('reserve')
    await berth.run('ls')
    assert.equal(existsSync(STATE), false)
    assert.equal(existsSync(SSH), false)
  })
})
