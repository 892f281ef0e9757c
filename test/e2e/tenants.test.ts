/** One tenant after another in the same place, and tenants who do damage. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { docker, dockerLines } from '../support/docker.ts'
import { eventually } from '../support/eventually.ts'
import { type Reserved, testManager } from '../support/manager.ts'
import { isRefused, login, loginAndRun, newKeyPair } from '../support/ssh.ts'

const manager = await testManager('tenants', { size: 1 })
const place = `${manager.pool}-1`

before(async () => {
  await manager.start()
  await manager.untilReady()
})

async function reserve(
  username: string,
): Promise<{ credentials: { port: number; username: string; password: string }; hostKey: string }> {
  await manager.untilReady()
  const { containers, password }: Reserved = await manager.reserve({ username, password: `pw of ${username}` })
  const [only] = containers
  assert.ok(only)
  return { credentials: { port: only.port, username, password }, hostKey: only.host_key }
}

const { privateKey, publicKey } = newKeyPair()

/** What the first tenant leaves behind, and how the second one would see it. */
const MARKERS: readonly [plant: string, look: string][] = [
  ['echo mine > ~/marker', 'ls /home/mallory 2>/dev/null; find / -xdev -name marker 2>/dev/null'],
  ['echo mine > /tmp/marker-tmp', 'find /tmp -name "marker*"'],
  ['echo mine > /var/tmp/marker-var', 'find /var/tmp -name "marker*"'],
  ['echo mine > /dev/shm/marker-shm', 'find /dev/shm -name "marker*"'],
  [`mkdir -p ~/.ssh && echo '${publicKey}' > ~/.ssh/authorized_keys`, 'sudo find / -xdev -name authorized_keys'],
  ['sudo cp /bin/bash /usr/local/bin/rootshell && sudo chmod 4755 /usr/local/bin/rootshell', 'ls /usr/local/bin'],
  [
    "echo '* * * * * root touch /tmp/cron' | sudo tee /etc/cron.d/mallory /etc/crontab-mallory",
    'ls -d /etc/cron*mallory /etc/cron.d/mallory 2>/dev/null',
  ],
  ['echo "mallory ALL=(ALL) NOPASSWD: ALL" | sudo tee /etc/sudoers.d/mallory', 'sudo ls /etc/sudoers.d | grep mallory'],
  [
    "sudo useradd -o -u 0 -M toor && echo 'toor:toor' | sudo chpasswd",
    'grep -E "toor|mallory" /etc/passwd /etc/group; sudo grep -E "toor|mallory" /etc/shadow',
  ],
  ['nohup sleep 98765 > /dev/null 2>&1 & disown', 'ps aux | grep "[s]leep 98765"'],
  ["echo 'export EVIL=1' | sudo tee /etc/profile.d/evil.sh", 'bash -lc "echo \\$EVIL"'],
  ["echo 'PermitRootLogin yes' | sudo tee -a /etc/ssh/sshd_config", 'sudo grep -r "PermitRootLogin yes" /etc/ssh'],
]

describe('two tenants after one another', () => {
  it('share nothing: the second one sees no trace of the first', async () => {
    const first = await reserve('mallory')
    const session = await login(first.credentials)
    for (const [plant, look] of MARKERS) {
      const { code, stderr } = await session.exec(plant)
      assert.equal(code, 0, `${plant}: ${stderr}`)
      const { stdout } = await session.exec(look)
      assert.notEqual(stdout, '', `the look must see what was planted: ${look}`)
    }
    await manager.get('/release_all')
    await session.closed

    const second = await reserve('bob')
    const clean = await login(second.credentials)
    for (const [plant, look] of MARKERS) {
      const { stdout } = await clean.exec(look)
      // /usr/local/bin is listed as a whole: an image may have something there, but not this.
      if (look === 'ls /usr/local/bin') assert.doesNotMatch(stdout, /rootshell/)
      else assert.equal(stdout, '', `left behind by: ${plant}`)
    }
    assert.notEqual(second.hostKey, first.hostKey)
    assert.equal(clean.hostKey, second.hostKey)
    clean.close()
    assert.equal(await isRefused({ ...first.credentials }), true)
    assert.equal(await isRefused({ port: first.credentials.port, username: 'mallory', privateKey }), true)
    assert.equal(await isRefused({ port: first.credentials.port, username: 'toor', password: 'toor' }), true)
    await manager.get('/release_all')
  })
})

describe('a container that its tenant', () => {
  it('fills with processes is replaced in time', async () => {
    const { credentials } = await reserve('forker')
    const session = await login(credentials)
    void session.exec(':(){ :|:& };:').catch(() => undefined)
    await eventually(async () => (await dockerLines('top', place)).length > 200)
    await manager.get('/release_all')
    await session.closed
    await manager.untilReady()
    const { credentials: next } = await reserve('next')
    assert.equal((await loginAndRun(next, 'pgrep -c sleep')).stdout, '0')
    await manager.get('/release_all')
  })

  it('stops from inside comes back with their files, and is replaced at the end', async () => {
    const { credentials } = await reserve('stopper')
    await loginAndRun(credentials, 'echo precious > ~/work')
    const former = (await manager.containers())[0]
    const session = await login(credentials)
    void session.exec('sudo pkill -KILL -x sshd').catch(() => undefined)
    await session.closed
    await manager.until('it runs again', (rows) => rows.every((c) => c.state === 'reserved'))
    await eventually(async () => (await loginAndRun(credentials, 'cat ~/work')).stdout === 'precious')
    await manager.get('/release_all')
    await manager.untilReady()
    assert.equal((await manager.containers())[0]?.generation, (former?.generation ?? 0) + 1)
  })

  it('damages beyond repair is replaced under the reservation, with the same account', async () => {
    const { credentials } = await reserve('breaker')
    const former = (await manager.containers())[0]
    const session = await login(credentials)
    void session.exec('sudo rm /usr/sbin/sshd; sudo pkill -KILL -x sshd').catch(() => undefined)
    await session.closed
    await manager.until('replaced', (rows) =>
      rows.every((c) => c.state === 'reserved' && c.generation > (former?.generation ?? 0)),
    )
    await eventually(async () => (await loginAndRun(credentials, 'whoami; ls ~')).stdout === 'breaker')
    await manager.get('/release_all')
  })
})

describe('a container that somebody', () => {
  it('removes behind our back is replaced under the reservation, with the same account', async () => {
    const { credentials } = await reserve('loser')
    await docker('rm', '--force', place)
    await eventually(async () => (await loginAndRun(credentials, 'whoami')).stdout === 'loser')
    await manager.get('/release_all')
  })

  it('pauses behind our back runs on', async () => {
    const { credentials } = await reserve('sleeper')
    await docker('pause', place)
    await eventually(async () => (await loginAndRun(credentials, 'whoami')).stdout === 'sleeper')
    await manager.get('/release_all')
  })

  it('removes while it is free is made again', async () => {
    await manager.untilReady()
    const former = (await manager.containers())[0]
    await docker('rm', '--force', place)
    await manager.until('made again', (rows) =>
      rows.every((c) => c.state === 'ready' && c.generation > (former?.generation ?? 0)),
    )
  })
})
