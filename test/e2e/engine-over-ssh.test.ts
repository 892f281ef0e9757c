/** DOCKER_HOST=ssh://…: manager, set-up and Ansible reach the engine through a real sshd. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { runPlaybook } from '../../lab/ansible.ts'
import { mark } from '../../lab/database-mark.ts'
import { docker, withShortNames } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { reservePorts } from '../../lab/ports.ts'
import { openDocker } from '../../src/engine/docker/engine.ts'
import { TerminalViewer } from '../support/http/terminal-client.ts'
import { loginAndRun } from '../support/ssh.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-ssh-'))
const key = join(folder, 'key')
execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
// The user's own ~/.ssh stays out of it: ssh takes no other folder from its environment.
const wrapper = join(folder, 'ssh')
const which = (program: string) => execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim()
writeFileSync(wrapper, `#!/bin/sh\nexec ${which('ssh')} -F ${join(folder, 'config')} "$@"\n`)
chmodSync(wrapper, 0o755)
writeFileSync(
  join(folder, 'config'),
  `IdentityFile ${key}\nIdentitiesOnly yes\nUserKnownHostsFile ${join(folder, 'known_hosts')}\nStrictHostKeyChecking accept-new\n`,
)

const [port = 0] = await reservePorts(1)
const socket = (process.env['DOCKER_HOST'] ?? '').replace(/^unix:\/\//, '') || '/var/run/docker.sock'
const mounts = [`${socket}:/var/run/docker.sock`, `${which('docker')}:/usr/bin/docker:ro`, `${key}.pub:/key.pub:ro`]
const serve = `ssh-keygen -qA; mkdir -p /run/sshd /root/.ssh; cp /key.pub /root/.ssh/authorized_keys; chmod -R go= /root/.ssh
exec $(command -v sshd) -De -o PermitRootLogin=yes`
const host = await docker(
  ...[
    'run',
    '--detach',
    '--init',
    '--publish',
    `127.0.0.1:${port}:22`,
    ...mounts.flatMap((mount) => ['--volume', mount]),
  ],
  ...['--entrypoint', 'sh', 'berth/box', '-c', serve],
)
after(async () => {
  await docker('rm', '--force', host)
  rmSync(folder, { recursive: true })
})
await eventually(async () => (await docker('exec', host, 'pgrep', 'sshd')) !== '')

const address = `ssh://root@127.0.0.1:${port}`
const PATH = `${folder}:${process.env['PATH']}`

describe('an engine behind SSH', async () => {
  const manager = await testManager('ssh', { size: 1, env: { DOCKER_HOST: address, PATH } })

  it('lends containers, and takes them back', async () => {
    await manager.start()
    await manager.shows(/engine +docker \S+, ssh:\S+ \(DOCKER_HOST\)/)
    await manager.untilReady()
    const { containers } = await manager.reserve({ username: 'alice', password: 'secret' })
    const [{ port: sshPort } = { port: 0 }] = containers
    const { stdout } = await loginAndRun({ port: sshPort, username: 'alice', password: 'secret' }, 'whoami')
    assert.equal(stdout, 'alice')
    const made = await manager.send('POST', `/v1/containers/${manager.pool}-1/terminals`, { cols: 80, rows: 24 })
    const viewer = new TerminalViewer({ address: manager.url, ...(made.body as { id: string; ticket: string }) })
    await viewer.attached()
    await viewer.prints(/\$ $/)
    viewer.send({ type: 'resize', cols: 101, rows: 33 })
    // The size reaches the shell through dtach, soon after the message.
    await viewer.run('until [ "$(stty size)" = "33 101" ]; do sleep 0.1; done; stty size', /[\r\n]33 101\r/)
    await manager.get('/release_all')
    assert.equal((await viewer.closed).code, 4410)
    await manager.untilReady()
    await manager.interrupt()
  })

  it('leaves no ssh behind when the manager has ended', async () => {
    await eventually(async () => (await docker('exec', host, 'sh', '-c', 'pgrep -xc docker || true')) === '0')
  })

  it('is provisioned by Ansible', async () => {
    const before = { ...process.env }
    Object.assign(process.env, { DOCKER_HOST: address, PATH })
    try {
      const config = join(manager.folder, 'berth.yml')
      await runPlaybook('provision', config)
      const { changed } = await runPlaybook('unprovision', config)
      assert.deepEqual(changed.map(withShortNames), ['localhost', `${manager.pool}-1`].toSorted())
    } finally {
      Object.assign(process.env, before)
      if (before['DOCKER_HOST'] === undefined) delete process.env['DOCKER_HOST']
    }
  })

  it('that refuses the login is unavailable, with the reason that ssh gives', async () => {
    const path = process.env['PATH']
    process.env['PATH'] = PATH
    const stranger = `ssh://stranger@127.0.0.1:${port}`
    const engine = openDocker({ database: mark(), instance: 'ssh', reaches: [], dockerHost: stranger })
    try {
      await assert.rejects(engine.version(), { code: 'engine_unavailable', message: /ssh: .*Permission denied/ })
    } finally {
      process.env['PATH'] = path
      await engine.close()
    }
  })
})
