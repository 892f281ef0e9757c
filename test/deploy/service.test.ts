/** scripts/service in a temporary DESTDIR, and its unit with systemd-analyze. systemd does not have to run. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { parseConfig } from '../../src/config/config.ts'
import { runTool } from '../support/test-tools.ts'
import { readPage, ROOT } from '../support/text/markdown.ts'

/** Maximum exposure by `systemd-analyze security`, from 0 to 100. It rises when the unit loses a protection. */
const MAX_EXPOSURE = 20
const UNIT = 'etc/systemd/system/berth.service'
const CONFIG = 'etc/berth/berth.yml'

// Not in TMPDIR: the script refuses a checkout below /tmp.
const folder = mkdtempSync('/tmp/berth-service-')
after(() => rmSync(folder, { recursive: true }))
const skip = process.getuid?.() !== 0 && 'only root may install a service'

/** Creates the root of a machine with the files that systemd-sysusers needs. */
function machine(name: string) {
  const root = join(folder, name)
  mkdirSync(join(root, 'etc'), { recursive: true })
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/bash\n')
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\ndocker:x:777:\n')
  return {
    root,
    read: (file: string) => readFileSync(join(root, file), 'utf8'),
    service: (...args: string[]) => run({ DESTDIR: root }, join(ROOT, 'scripts/service'), ...args),
  }
}

function run(env: NodeJS.ProcessEnv, program: string, ...args: string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { env: { ...process.env, ...env }, encoding: 'utf8' })
  return { code: status, output: stdout + stderr }
}

describe('just service', { skip }, () => {
  it('installs user, unit, folder and berth.yml, and says what is next', () => {
    const { root, read, service } = machine('new')
    const { code, output } = service()
    assert.equal(code, 0, output)
    assert.match(
      output,
      /group docker: on this machine that equals root[\s\S]*token create[\s\S]*systemctl start berth/,
    )
    const [, id = '', group = ''] =
      /^berth:x:(\d+):(\d+):.*:\/var\/lib\/berth:.*nologin$/m.exec(read('etc/passwd')) ?? []
    assert.match(read('etc/group'), /^docker:x:777:berth$/m)
    const state = statSync(join(root, 'var/lib/berth'))
    assert.deepEqual([state.uid, state.gid, state.mode & 0o777], [Number(id), Number(group), 0o700])
    assert.ok(read(UNIT).includes(`ExecStart=${ROOT.replace(/\/$/, '')}/bin/berth serve\n`))
    assert.doesNotMatch(read(UNIT), /@CHECKOUT@/)
    const { database, auth, pools } = parseConfig(read(CONFIG), join(root, CONFIG), {})
    assert.deepEqual([database, auth, pools.length], ['/var/lib/berth/containers.db', 'tokens', 1])
  })

  it('can be repeated, and leaves berth.yml as it is', () => {
    const { root, read, service } = machine('again')
    mkdirSync(join(root, 'etc/berth'))
    writeFileSync(join(root, CONFIG), '# mine\n')
    assert.equal(service().code, 0)
    const unit = read(UNIT)
    writeFileSync(join(root, UNIT), 'old')
    const { code, output } = service('install')
    assert.equal(code, 0, output)
    assert.match(output, /berth.yml is yours, left as it is/)
    assert.match(output, /sysusers.d\/berth.conf is up to date, skipped/)
    assert.deepEqual([read(UNIT), read(CONFIG)], [unit, '# mine\n'])
  })

  it('is removed, and keeps berth.yml and the database', () => {
    const { root, read, service } = machine('removed')
    service()
    writeFileSync(join(root, 'var/lib/berth/containers.db'), 'rows')
    assert.match(service('uninstall').output, /removed .*\nThese stay: .*etc\/berth, .*var\/lib\/berth,/s)
    assert.equal(existsSync(join(root, UNIT)), false)
    assert.deepEqual([read(CONFIG).length > 100, read('var/lib/berth/containers.db')], [true, 'rows'])
    assert.match(service('uninstall').output, /is not installed, skipped/)
  })

  it('refuses an unknown command', () => {
    const { code, output } = machine('unknown').service('remove')
    assert.deepEqual([code, output], [1, 'unknown command "remove"; allowed: install, uninstall\n'])
  })

  // A copy below /tmp, which the script refuses on every machine before it changes anything.
  const copy = join(folder, 'checkout')
  for (const part of ['scripts', 'deploy', 'berth.yml']) cpSync(join(ROOT, part), join(copy, part), { recursive: true })
  const onMachine = (prepare: string) =>
    run({}, 'unshare', '--mount', 'sh', '-c', `mount -t tmpfs none /run && ${prepare} && exec ${copy}/scripts/service`)

  it('refuses a machine without systemd, and says what to do instead', () => {
    const { code, output } = onMachine('true')
    assert.equal(code, 1)
    assert.match(output, /^The service needs systemd, and systemd does not run here\..*just run/)
  })

  it('refuses a checkout that the service cannot see', () => {
    const { code, output } = onMachine('mkdir -p /run/systemd/system')
    assert.equal(code, 1)
    assert.match(output, /^User berth cannot read \S+, because the service does not see \/tmp\. Clone .* \/opt\/berth/)
  })
})

describe('berth.service', { skip }, () => {
  if (skip !== false) return
  const { root, read, service } = machine('verified')
  service()
  const unit = join(root, UNIT)
  const flawed = (name: string, from: string, to: string) => {
    const file = join(folder, name, 'berth.service')
    mkdirSync(join(folder, name))
    assert.ok(read(UNIT).includes(from))
    writeFileSync(file, read(UNIT).replace(from, to))
    return file
  }

  it('is valid, and a mistake would be seen', async () => {
    assert.deepEqual(await runTool('systemd-analyze', ['verify', unit]), { code: 0, output: '' })
    const mistake = await runTool('systemd-analyze', ['verify', flawed('mistake', 'NoNewPrivileges', 'NoPrivileges')])
    assert.match(mistake.output, /NoPrivileges/)
  })

  it('protects the host, and a protection that is lost would be seen', async () => {
    const exposure = (file: string) =>
      runTool('systemd-analyze', ['security', '--offline=true', `--threshold=${MAX_EXPOSURE}`, '--no-pager', file])
    const { code, output } = await exposure(unit)
    assert.equal(code, 0, output)
    assert.equal((await exposure(flawed('lost', 'SystemCallFilter=@system-service', ''))).code, 1)
  })

  it('uses the files that the manager and this repository have', () => {
    for (const path of ['bin/berth', 'ansible/ansible.cfg', 'docs/deploy.md']) {
      assert.ok(read(UNIT).includes(`/${path}`), path)
      assert.ok(existsSync(join(ROOT, path)), path)
    }
    assert.match(readPage('docs/deploy.md'), /journalctl -u berth/)
  })
})
