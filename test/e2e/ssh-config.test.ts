/** With `berth ssh-config --install`, the system's ssh and scp reach containers by name, and warn of nothing. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import type { Reserved } from '../../src/client/client.ts'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { testBerth } from '../support/manager/berth.ts'

const manager = await testManager('sshconf', { size: 2 })
const berth = testBerth({ BERTH_URL: manager.url })
const name = `${manager.pool}-1`
const known = join(berth.home, 'known')

/** ssh takes the home from the user database, so the file in the test's HOME is named. Nothing is ever asked. */
async function run(program: 'ssh' | 'scp', ...args: string[]) {
  const options = ['-F', join(berth.home, '.ssh/config'), '-o', 'BatchMode=yes']
  const child = promisify(execFile)(program, [...options, ...args], { env: berth.env, timeout: 30_000 })
  child.child.stdin?.end()
  return child.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
  )
}

before(async () => {
  await manager.start()
  await manager.untilReady()
  const { code, stderr } = await berth.run('ssh-config', '--install', '--yes')
  assert.equal(code, 0, stderr)
})

describe('ssh NAME.berth', () => {
  it('logs in, and copies files there and back, with no question and no warning', async () => {
    await berth.json<Reserved>('reserve', '--count', '2', '--user', 'alice')
    for (const number of [1, 2]) {
      const ran = await run('ssh', `${manager.pool}-${number}.berth`, 'whoami; hostname')
      assert.deepEqual(ran, { code: 0, stdout: `alice\n${manager.pool}-${number}\n`, stderr: '' })
    }
    const [there, back] = [join(berth.home, 'there'), join(berth.home, 'back')]
    writeFileSync(there, 'hello\n')
    for (const words of [
      [there, `${name}.berth:copy`],
      [`${name}.berth:copy`, back],
    ]) {
      const { code, stderr } = await run('scp', ...words)
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    }
    assert.equal(readFileSync(back, 'utf8'), 'hello\n')
  })

  it('does not warn when the port belongs to a new container', async () => {
    const { stdout: first } = await run('ssh', '-G', `${name}.berth`)
    await berth.run('release')
    const { stderr: gone } = await run('ssh', `${name}.berth`, 'true')
    assert.match(gone, /Could not resolve hostname/)
    await manager.untilReady()
    await berth.json<Reserved>('reserve', '--user', 'bob')
    const { stdout: second } = await run('ssh', '-G', `${name}.berth`)
    const port = (text: string) => /^port \d+$/m.exec(text)?.[0]
    assert.equal(port(second), port(first))
    assert.notEqual(/^hostkeyalias .*$/m.exec(second)?.[0], /^hostkeyalias .*$/m.exec(first)?.[0])
    assert.deepEqual(await run('ssh', `${name}.berth`, 'whoami'), { code: 0, stdout: 'bob\n', stderr: '' })
  })

  it('accepts the key that the manager has read, and no other', async () => {
    const lines = await (await fetch(`${manager.url}/v1/known_hosts`)).text()
    writeFileSync(known, lines)
    const [, port = ''] = /^\[localhost\]:(\d+) ssh-ed25519 /.exec(lines) ?? assert.fail(lines)
    const options = ['-o', `UserKnownHostsFile=${known}`, '-o', 'StrictHostKeyChecking=yes', '-p', port]
    const ran = await run('ssh', ...options, '-o', 'HashKnownHosts=no', 'bob@localhost', 'true')
    assert.match(ran.stderr, /Permission denied/, 'the key is right, and nobody logs in without one')
    const script =
      'ssh-keygen -q -t ed25519 -N "" -f /tmp/k <<<y; cp /tmp/k /etc/ssh/ssh_host_ed25519_key; kill -HUP $(pgrep -o sshd)'
    await docker('exec', name, 'bash', '-c', script)
    // While sshd restarts, ssh fails for another reason.
    await eventually(async () =>
      /Host key verification failed/.test((await run('ssh', `${name}.berth`, 'true')).stderr),
    )
  })
})
