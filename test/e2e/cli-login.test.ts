/** `berth ssh` and `berth run` against a real manager: real ssh, real containers. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import type { Reservation, Reserved } from '../../src/client/client.ts'
import { testBerth } from '../support/manager/berth.ts'
import { login } from '../support/ssh.ts'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'

const manager = await testManager('clilog', { size: 3 })
const berth = testBerth({ BERTH_URL: manager.url })
const STATE = join(berth.home, '.local/state/berth/reservations')

before(async () => {
  await manager.start()
  await manager.untilReady()
})

afterEach(async () => {
  await manager.get('/release_all')
  await manager.untilReady()
})

async function current(): Promise<Reservation[]> {
  return (await berth.json<{ reservations: Reservation[] }>('ls')).reservations
}

/** Of the command's own; what it makes for itself is gone when it has ended. */
function leftovers(): string[] {
  return readdirSync(join(berth.home, 'tmp'))
}

async function newKey(name: string): Promise<string> {
  const file = join(berth.home, name)
  if (!existsSync(file)) await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
  return file
}

describe('berth ssh', () => {
  it('logs in with the key that was reserved with, and passes on command, output and exit code', async () => {
    const key = await newKey('key')
    await berth.json('reserve', '--count', '2', '--key', `${key}.pub`)
    const [reservation] = await current()
    const [first, second] = reservation?.containers ?? []
    const ran = await berth.run('ssh', second?.name ?? '', '--', 'hostname; echo oops >&2; exit 7')
    assert.deepEqual(ran, { code: 7, stdout: `${second?.name}\n`, stderr: 'oops\n' })
    const words = ['ssh', reservation?.id.slice(0, 8) ?? '', '--', 'printf', '%s|', 'a b', "it's", '$HOME']
    assert.equal((await berth.run(...words)).stdout, "a b|it's|$HOME|")
    assert.equal((await berth.run('ssh', '--', 'hostname')).stdout, `${first?.name}\n`, 'no name: the only one')
    assert.equal((await berth.run('ssh', 'user', '--', 'hostname')).stdout, `${first?.name}\n`)
    assert.equal((await berth.run('ssh', first?.name ?? '', '--', 'hostname')).stdout, `${first?.name}\n`)
    assert.deepEqual(leftovers(), [])
    const [folder = ''] = readdirSync(STATE)
    assert.equal(statSync(join(STATE, folder)).mode & 0o777, 0o700)
    assert.equal(statSync(join(STATE, folder, 'about.json')).mode & 0o777, 0o600)
    await berth.run('release')
    assert.deepEqual(readdirSync(STATE), [])
  })

  it('never asks for the generated password, which is for other people', async () => {
    const { password = '', containers } = await berth.json<Reserved>('reserve', '--password-words')
    assert.match(password, /^[a-z]+(-[a-z]+){3}$/)
    const [container] = containers
    const ran = await berth.run('ssh', '-o', 'BatchMode=yes', container?.name ?? '', '--', 'whoami')
    assert.deepEqual(ran, { code: 0, stdout: 'user\n', stderr: '' })
    const session = await login({ port: container?.port ?? 0, username: 'user', password })
    assert.equal((await session.exec('whoami')).stdout, 'user')
    session.close()
    await berth.run('release')

    const repeatable = ['reserve', '--idempotency-key', 'lesson-7']
    const [first, again] = [await berth.json<Reserved>(...repeatable), await berth.json<Reserved>(...repeatable)]
    assert.deepEqual(again, first)
    assert.deepEqual(readdirSync(STATE), [], 'another machine could not repeat a request with a key')
  })

  it('reserves and logs in at once, with a key of its own', async () => {
    const typing = { at: /bob@.*\$ /, type: 'whoami; exit 3\n' }
    const { code, shown } = await berth.inTerminalWith(typing, 'reserve', '--ssh', '--user', 'bob')
    assert.match(shown, /Reserved.*bob.*whoami; exit 3.*bob\nlogout/s)
    assert.match(shown, /Still reserved for .*`berth release/)
    assert.equal(code, 3)
    const again = await berth.run('ssh', (await current())[0]?.id ?? '', '--', 'whoami')
    assert.equal(again.stdout, 'bob\n')
    assert.deepEqual(leftovers(), [])
  })

  it('refuses a container that has another host key', async () => {
    const reserved = await berth.json<Reserved>('reserve', '--key', `${await newKey('key')}.pub`)
    const [container] = reserved.containers
    const script =
      'ssh-keygen -q -t ed25519 -N "" -f /tmp/k <<<y; cp /tmp/k /etc/ssh/ssh_host_ed25519_key; kill -HUP $(pgrep -o sshd)'
    await docker('exec', container?.name ?? '', 'bash', '-c', script)
    await eventually(async () => {
      const { code, stderr, stdout } = await berth.run('ssh', container?.name ?? '', '--', 'echo in')
      assert.equal(stdout, '')
      assert.equal(code, 1)
      assert.match(stderr, /THE HOST KEY OF .* IS NOT THE ONE .*\n {2}expected SHA256:.*\n {2}found {4}SHA256:/)
      return true
    })
    assert.deepEqual(leftovers(), [])
  })
})

describe('berth run', () => {
  it('reserves, runs, gives the exit code, and releases', async () => {
    const ran = await berth.runWith({ stdin: 'from here' }, 'run', '--count', '1', '--', 'cat; echo; hostname; exit 5')
    assert.equal(ran.code, 5, ran.stderr)
    assert.match(ran.stdout, /^from here\nclilog-.*-1\n$/)
    assert.equal(ran.stderr, '')
    assert.deepEqual(await current(), [])
    assert.deepEqual(leftovers(), [])
  })

  it('runs in several at once', async () => {
    const command = ['sh', '-c', 'echo "$(hostname)!"; echo err >&2; [ "$(hostname)" != "$0" ]', `${manager.pool}-2`]
    const { code, stdout, stderr } = await berth.run('run', '--count', '3', '--', ...command)
    assert.equal(code, 1)
    const places = [1, 2, 3].map((number) => `${manager.pool}-${number}`)
    assert.deepEqual(
      stdout.trim().split('\n').toSorted(),
      places.map((name) => `${name} | ${name}!`),
    )
    assert.deepEqual(
      stderr.trim().split('\n').toSorted(),
      places.map((name) => `${name} | err`),
    )
    assert.deepEqual(await current(), [])
  })

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`stops the command and releases on ${signal}`, async () => {
      const running = berth.start('run', '--', 'echo started; sleep 300')
      await eventually(async () => running.output().includes('started'))
      const [reservation] = await current()
      assert.ok(reservation?.keepalive_until, 'it would end by itself')
      running.child.kill(signal)
      assert.equal((await running.ended).code, code)
      assert.deepEqual(await current(), [])
      const { body } = await manager.get<Reservation>(`/v1/reservations/${reservation.id}`)
      assert.equal(body.outcome, 'released')
      assert.deepEqual(leftovers(), [])
    })
  }

  it('ends at once on a second Ctrl-C', async () => {
    const running = berth.start('run', '--', 'echo started; sleep 300')
    await eventually(async () => running.output().includes('started'))
    running.child.kill('SIGINT')
    running.child.kill('SIGTERM')
    const began = performance.now()
    assert.ok([130, 143].includes((await running.ended).code ?? 0))
    assert.ok(performance.now() - began < 2_000)
    assert.deepEqual(leftovers(), [])
  })

  it('exits with 124 when the time of --timeout is up, and releases', async () => {
    const ran = await berth.run('run', '--timeout', '2s', '--', 'echo started; sleep 300')
    assert.deepEqual({ code: ran.code, stdout: ran.stdout }, { code: 124, stdout: 'started\n' })
    assert.equal(ran.stderr, 'berth: the command was stopped after 2s (--timeout)\n')
    assert.deepEqual(await current(), [])
    const inTime = await berth.run('run', '--timeout', '1m', '--', 'exit 3')
    assert.equal(inTime.code, 3, inTime.stderr)
    assert.deepEqual(leftovers(), [])
  })

  it('exits with 124 when the reservation expires', async () => {
    const { code, stderr } = await berth.run('run', '--for', '1m', '--', 'sleep 300')
    assert.equal(code, 124)
    assert.match(stderr, /the reservation has ended \(expired\); --for reserves for longer/)
  })

  it('sets variables, which no list of processes shows', async () => {
    const secret = "s3cret'$HOME\n second line"
    const env = { TOKEN: secret }
    const started = berth.runWith(
      { env },
      'run',
      '-e',
      'CI=true',
      '-e',
      'TOKEN',
      '--',
      'sleep 1; echo "$CI|$TOKEN"; ls -A',
    )
    const seen = new Set<string>()
    const watching = eventually(async () => {
      const { stdout } = await promisify(execFile)('ps', ['-eo', 'args'])
      for (const line of stdout.split('\n')) if (line.includes('s3cret')) seen.add(line)
      return stdout.includes('sleep 1; echo "$CI|$TOKEN"')
    })
    const { code, stdout, stderr } = await started
    await watching
    assert.equal(code, 0, stderr)
    assert.ok(stdout.startsWith(`true|${secret}\n`), stdout)
    assert.doesNotMatch(stdout, /berth-env/)
    assert.deepEqual([...seen], [])
    for (const wrong of ['NOT-SET', 'BERTH_TEST_UNSET', '=x']) {
      const refused = await berth.run('run', '--env', wrong, '--', 'true')
      assert.equal(refused.code, 2, refused.stderr)
      assert.match(refused.stderr, /(not set here|invalid variable)/)
    }
    assert.deepEqual(await current(), [])
  })

  it('says so when the reservation is ended before the command', async () => {
    const running = berth.start('run', '--', 'echo started; sleep 300')
    await eventually(async () => running.output().includes('started'))
    await manager.get('/release_all')
    const { code, stderr } = await running.ended
    assert.equal(code, 255)
    assert.match(stderr, /the reservation has ended \(released\)/)
  })
})
