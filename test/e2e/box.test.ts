/** What docs/box.md says of the shipped image, tried with a real client in a reserved container. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { generateKey } from '../../src/cli/ssh/external-commands.ts'
import { docker } from '../../lab/docker.ts'
import { testManager } from '../../lab/manager.ts'
import { testBerth } from '../support/manager/berth.ts'
import { runOpenSsh } from '../support/openssh.ts'
import { readPage } from '../support/text/markdown.ts'

const SHM_MIB = 160
const manager = await testManager('box', { size: 1, pool: { shm: `${SHM_MIB}m`, memory: '512m' } })
const berth = testBerth({ BERTH_URL: manager.url })
const key = join(berth.home, 'key')
let port = 0

before(async () => {
  await manager.start()
  await manager.untilReady()
  await generateKey(key)
  const { containers } = await berth.json<{ containers: { port: number }[] }>(
    ...['reserve', '--user', 'alice', '--key', `${key}.pub`],
  )
  port = containers[0]?.port ?? 0
  // A login shell in a terminal would show the time that is left.
  await ssh('touch ~/.hushlogin')
})

/** `variables` of the client's shell; the client sends LANG and LC_*, as distributions and macOS configure it. */
async function ssh(command: string, variables: NodeJS.ProcessEnv = {}, ...more: string[]) {
  const flags = ['-o', 'SendEnv=LANG LC_*', ...more]
  const env = { PATH: process.env['PATH'], ...variables }
  const login = { destination: 'alice@127.0.0.1', port, keyFile: key, knownHosts: null, flags, env }
  const { code, stdout, stderr } = await runOpenSsh(login, command)
  assert.equal(code, 0, stderr)
  return { stdout: stdout.trim(), stderr }
}

/** Returns the programs that the page's table names. */
function programsOf(page: string): string[] {
  const section =
    readPage(page)
      .split(/^## /m)
      .find((some) => some.startsWith('Programs\n')) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('|') && !line.startsWith('| packages'))
  return rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
}

describe('the image', () => {
  it('has every program that docs/box.md names', async () => {
    const programs = programsOf('docs/box.md')
    assert.ok(programs.length > 20, programs.join())
    // A login shell of Debian has no sbin on its path; sudo does.
    const missing = `for name in ${programs.join(' ')}; do sudo sh -c "command -v $name" >/dev/null || echo $name; done`
    assert.deepEqual(await ssh(missing), { stdout: '', stderr: '' })
  })

  it('says which distribution it is', async () => {
    const { stdout } = await ssh('. /etc/os-release && echo "$PRETTY_NAME"')
    const { body } = await manager.get<{ pools: { os: string; image: string }[] }>('/v1/pools')
    assert.deepEqual([body.pools[0]?.os, body.pools[0]?.image], [stdout, 'berth/box'])
    const labels = await docker('image', 'inspect', '--format', '{{json .Config.Labels}}', 'berth/box')
    assert.match(labels, /"berth\.base":"[^"]+".*"org\.opencontainers\.image\.title":"berth\/box"/)
  })

  const locales: readonly NodeJS.ProcessEnv[] = [
    { LC_ALL: 'de_DE.UTF-8' },
    { LC_CTYPE: 'UTF-8' },
    { LANG: 'xx_YY.ISO-8859-1', LC_MESSAGES: 'fr_FR.UTF-8', LC_TIME: 'C' },
  ]
  for (const locale of locales) {
    it(`has C.UTF-8 and is silent when the client sends ${JSON.stringify(locale)}`, async () => {
      const all = 'bash -lc true; ! command -v perl >/dev/null || perl -e 1; python3 -c 1; git --version >/dev/null'
      const apt = '! command -v apt-get >/dev/null || { apt-get --version >/dev/null; dpkg --print-architecture; }'
      const { stderr } = await ssh(`${all}; ${apt}; sudo bash -lc true`, locale)
      assert.equal(stderr, '')
      assert.deepEqual(await ssh('echo "$LANG,$LC_ALL,$LC_CTYPE"', locale), { stdout: 'C.UTF-8,,', stderr: '' })
      const inTerminal = await ssh('bash -lc "echo done" 2>&1', locale, '-tt')
      assert.equal(inTerminal.stdout, 'done')
    })
  }

  it('knows common terminals, and treats others as xterm-256color', async () => {
    const shown = 'bash -lc "tput longname >/dev/null && echo $TERM"'.replace('$TERM', '\\$TERM')
    for (const [term, expected] of [
      ['xterm-256color', 'xterm-256color'],
      ['alacritty', 'alacritty'],
      ['tmux-256color', 'tmux-256color'],
      ['no-such-terminal', 'xterm-256color'],
    ]) {
      assert.equal((await ssh(shown, { TERM: term }, '-tt')).stdout, expected, term)
    }
  })

  it('has as much of /dev/shm as the pool says', async () => {
    const fill = (mib: number) => `dd if=/dev/zero of=/dev/shm/file bs=1M count=${mib} 2>/dev/null; echo $?`
    assert.equal((await ssh(fill(SHM_MIB))).stdout, '0')
    assert.equal((await ssh(fill(SHM_MIB + 1))).stdout, '1')
    await ssh('rm /dev/shm/file')
  })

  it('refuses X11, as the page says', async () => {
    assert.equal((await ssh('sudo $(sudo which sshd) -T | grep -i ^x11forwarding')).stdout, 'x11forwarding no')
  })

  it('lets Ansible become an unprivileged user without pipelining', async () => {
    await ssh('sudo useradd -m bob')
    const playbook = join(berth.home, 'site.yml')
    writeFileSync(
      playbook,
      `
- hosts: all
  gather_facts: false
  become: true
  become_user: bob
  tasks:
    - ansible.builtin.command: whoami
      register: who
    - ansible.builtin.assert: { that: who.stdout == 'bob' }
`,
    )
    const env = { ...process.env, ANSIBLE_PIPELINING: 'False', ANSIBLE_HOST_KEY_CHECKING: 'False', LC_ALL: 'C.UTF-8' }
    const { stdout } = await promisify(execFile)(
      'ansible-playbook',
      ['-i', '127.0.0.1,', '-e', `ansible_port=${port}`, '--private-key', key, '-u', 'alice', playbook],
      { env, cwd: berth.home },
    )
    assert.match(stdout, /ok=2 .* failed=0/)
  })
})
