/** `berth forward`, `cp` and `sync` against a real manager: real ssh, scp and rsync, real containers. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { generateKey } from '../../src/cli/ssh/external-commands.ts'
import type { Reserved } from '../../src/client/client.ts'
import { pathWithRsync } from '../support/borrowed-rsync.ts'
import { testBerth } from '../support/manager/berth.ts'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { reservePorts, tryToListen } from '../../lab/ports.ts'

const manager = await testManager('access', { size: 2 })
const berth = testBerth({ BERTH_URL: manager.url })
const folder = join(berth.home, 'a folder')
let reserved: Reserved
let container = ''

before(async () => {
  await manager.start()
  await manager.untilReady()
  mkdirSync(folder)
  writeFileSync(join(folder, 'one.txt'), 'one')
  writeFileSync(join(folder, 'two.txt'), 'two')
  await generateKey(join(berth.home, 'key'))
  reserved = await berth.json<Reserved>('reserve', '--user', 'carol', '--key', join(berth.home, 'key'))
  container = reserved.containers[0]?.name ?? ''
})

function leftovers(): string[] {
  return readdirSync(join(berth.home, 'tmp'))
}

describe('berth cp', () => {
  it('copies folders and files into a container, and out of it', async () => {
    const there = await berth.run('cp', folder, `${container}:copied`)
    assert.deepEqual(there, { code: 0, stdout: '', stderr: '' })
    const back = join(berth.home, 'back.txt')
    assert.equal((await berth.run('cp', 'carol:copied/two.txt', back)).code, 0)
    assert.equal(readFileSync(back, 'utf8'), 'two')
    assert.equal((await berth.run('cp', join(folder, 'one.txt'), back, ':/tmp')).code, 0)
    assert.equal((await berth.run('ssh', '--', 'cat /tmp/one.txt /tmp/back.txt')).stdout, 'onetwo')
    assert.deepEqual(leftovers(), [])
  })

  it('exits with the code of scp', async () => {
    const { code, stderr } = await berth.run('cp', ':missing', berth.home)
    assert.equal(code, 1)
    assert.match(stderr, /missing.*No such file/)
  })
})

describe('berth forward', () => {
  it('leads to a port of the container until it is interrupted', async () => {
    const script =
      'import http.server as h; h.HTTPServer(("127.0.0.1", 8000), h.SimpleHTTPRequestHandler).serve_forever()'
    await docker('exec', '-d', '-w', '/etc', container, 'python3', '-c', script)
    const [local = 0] = await reservePorts(1)
    const running = berth.start('forward', container, `${local}:8000`)
    await eventually(async () => running.output().includes('Ctrl-C'))
    assert.ok(running.output().startsWith(`localhost:${local} is port 8000 of ${container}\n`), running.output())
    // The server in the container may still be starting.
    await eventually(async () => {
      const answer = await fetch(`http://127.0.0.1:${local}/hostname`)
      assert.equal((await answer.text()).trim(), container)
      return true
    })
    running.child.kill('SIGTERM')
    assert.equal((await running.ended).code, 143)
    await assert.rejects(fetch(`http://127.0.0.1:${local}/hostname`))
    assert.deepEqual(leftovers(), [])
  })

  it('fails when the port is taken', async () => {
    const [local = 0] = await reservePorts(1)
    const server = await tryToListen(local, '127.0.0.1')
    const { code, stdout, stderr } = await berth.run('forward', String(local))
    server?.close()
    assert.deepEqual({ code, stdout }, { code: 255, stdout: '' })
    assert.match(stderr, /in use/)
  })
})

describe('berth code', () => {
  const bin = join(berth.home, 'bin')
  const config = join(berth.home, 'ssh_config')
  const env = { PATH: `${bin}:${process.env['PATH']}` }
  const address = () => `vscode-remote://ssh-remote+${container}.berth`

  before(() => {
    mkdirSync(bin)
    // ssh takes the home from the user database; this file stands for ~/.ssh/config.
    const ssh = spawnSync('sh', ['-c', 'command -v ssh'], { encoding: 'utf8' }).stdout.trim()
    writeFileSync(join(bin, 'ssh'), `#!/bin/sh\nexec ${ssh} -F '${config}' "$@"\n`, { mode: 0o755 })
    writeFileSync(config, '')
  })

  it('refuses a container that ssh does not know', async () => {
    const { code, stdout, stderr } = await berth.runWith({ env }, 'code', container)
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
    assert.match(stderr, /^berth: ssh does not know \S+\.berth with its host key\n {2}`berth ssh-config --install`/)
  })

  it('prints the address, or opens it', async () => {
    const port = reserved.containers[0]?.port
    const lines = [`Host ${container}.berth`, 'HostName localhost', `Port ${port}`, 'User carol']
    writeFileSync(config, lines.join('\n'))
    assert.equal((await berth.runWith({ env }, 'code')).code, 1, 'without StrictHostKeyChecking')
    writeFileSync(config, [...lines, 'StrictHostKeyChecking yes', ''].join('\n'))
    const printed = await berth.runWith({ env }, 'code', 'carol', '/srv/a b', '--print')
    assert.equal(printed.stdout, `${address()}/srv/a%20b\n`, printed.stderr)
    assert.equal((await berth.runWith({ env }, 'code', 'carol', 'srv')).code, 2)
    writeFileSync(join(bin, 'code'), '#!/bin/sh\nprintf "%s|" "$@" >"$HOME/opened"\n', { mode: 0o755 })
    const opened = await berth.runWith({ env }, 'code')
    assert.equal(opened.stdout, `Opened ${address()}/home/carol.\n`, opened.stderr)
    assert.equal(readFileSync(join(berth.home, 'opened'), 'utf8'), `--folder-uri|${address()}/home/carol|`)
  })
})

describe('berth sync', () => {
  let env: NodeJS.ProcessEnv = {}

  before(async () => {
    env = { PATH: await pathWithRsync(join(berth.home, 'rsync')) }
  })

  it('says that the container lacks rsync', async () => {
    await docker('exec', container, 'sh', '-c', 'mv /usr/bin/rsync /opt')
    const { code, stderr } = await berth.runWith({ env }, 'sync', `${folder}/`, `${container}:synced/`)
    await docker('exec', container, 'sh', '-c', 'mv /opt/rsync /usr/bin')
    assert.notEqual(code, 0)
    assert.match(stderr, /^berth: rsync must be installed in the container, too/m)
  })

  it('copies what differs, both ways, with options of rsync', async () => {
    const sync = (...args: string[]) => berth.runWith({ env }, 'sync', ...args)
    const there = await sync(`${folder}/`, `${container}:synced/`)
    assert.equal(there.code, 0, there.stderr)
    await berth.run('ssh', '--', 'echo new > synced/three.txt')
    assert.equal((await sync(':synced/', `${folder}/`)).code, 0)
    assert.equal(readFileSync(join(folder, 'three.txt'), 'utf8'), 'new\n')
    const removed = await sync(`${folder}/`, ':synced/', '--', '--delete', '--exclude=two.txt', '-v')
    assert.equal(removed.code, 0, removed.stderr)
    await berth.run('ssh', '--', 'touch synced/four.txt')
    await sync(`${folder}/`, ':synced/', '--', '--delete')
    assert.equal((await berth.run('ssh', '--', 'ls synced')).stdout, 'one.txt\nthree.txt\ntwo.txt\n')
    assert.deepEqual(leftovers(), [])
  })
})
