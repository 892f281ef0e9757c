/** The command against a real manager, piped and in a terminal; see cli-login.test.ts for logging in. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import type { Pool, Reservation, Reserved } from '../../src/client/client.ts'
import { testBerth } from '../support/manager/berth.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'

const execute = promisify(execFile)
const manager = await testManager('cli', { size: 3 })
const berth = testBerth({ BERTH_URL: manager.url })
const nobody = testBerth()

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

describe('berth, piped', () => {
  it('reserves, lists, shows, extends and releases', async () => {
    const reserved = await berth.run('reserve', '--count', '2', '--user', 'alice', '--for', '10 min', '--note', 'lab 7')
    assert.equal(reserved.code, 0, reserved.stderr)
    assert.match(reserved.stdout, /^Reserved 2 containers for alice until .*\(10m\)\.$/m)
    assert.match(reserved.stdout, /^Password: \w{20} \(shown only once\)$/m)
    const [reservation] = await current()
    assert.ok(reservation)
    const { id, containers } = reservation
    for (const { name, port, host_key } of containers) {
      assert.ok(reserved.stdout.includes(`ssh -p ${port} alice@localhost  ${host_key}`), name)
    }
    const listed = await berth.run('ls')
    assert.match(listed.stdout, /^ID +STATE +LEFT +USER +POOL +CONTAINERS +NOTE\n\w{8} +active +10m +alice .* lab 7\n$/)
    const shown = await berth.run('show', id.slice(0, 6))
    assert.match(shown.stdout, new RegExp(`^id +${id}\\nstate +active\\n`))
    const extended = await berth.run('extend', containers[1]?.name ?? '', '--by', '30m')
    assert.match(extended.stdout, /^Until .*\(40m\)\.\n$/)
    const wide = await berth.run('ls', '-o', 'wide')
    assert.match(wide.stdout, /^ID +NAME +STATE +AGE +LEFT +KEEPALIVE +OWNER +USER +POOL +CONTAINER +LOGIN +NOTE\n/)
    for (const { name, port } of containers)
      assert.match(wide.stdout, new RegExp(`${name} +ssh -p ${port} alice@localhost +lab 7$`, 'm'))
    const clamped = await berth.run('extend', '--by', '10d')
    assert.match(clamped.stderr, /^Not as requested: /m)
    const released = await berth.run('release')
    assert.equal(released.stdout, `Released ${id.slice(0, 8)} ${containers.map((c) => c.name).join(', ')}\n`)
    assert.deepEqual(await current(), [])
    const ended = await berth.json<{ reservations: Reservation[] }>('ls', '--state', 'ended')
    assert.equal(ended.reservations[0]?.id, id)
  })

  it('extends and releases several, by what is listed of them', async () => {
    const made: Reserved[] = []
    for (const user of ['anna', 'ben', 'ben'])
      made.push(await berth.json<Reserved>('reserve', '--for', '10m', '--user', user, '--note', `for ${user}`))
    const named = await berth.run('extend', 'anna', made[1]?.id.slice(0, 8) ?? '', '--by', '20m')
    assert.match(named.stdout, /^ID +USER +LEFT +UNTIL +CONTAINERS\n\w{8} +anna +30m .*-1\n\w{8} +ben +30m .*-2\n$/)
    const both = await berth.json<{ reservations: Reservation[] }>('extend', '--note', 'for ben', '--by', '5m')
    assert.deepEqual(new Set(both.reservations.map(({ id }) => id)), new Set([made[1]?.id, made[2]?.id]))
    const several = await berth.run('release', 'ben')
    assert.equal(several.code, 2, several.stderr)
    assert.match(several.stderr, /^berth: "ben" fits 2 reservations; name one of them by its id\n {2}\w{8} {2}ben {2}/)
    assert.equal((await current()).length, 3)
    assert.match((await berth.run('show', 'for anna')).stdout, /^account +anna$/m)
    assert.match((await berth.run('ls', '--note', 'for anna')).stdout, /^ID .*\n\w{8} .* anna .*\n$/)
    assert.match((await berth.run('release', 'anna')).stdout, /^Released \w{8} .*-1\n$/)
    assert.match((await berth.run('release', '--user', 'ben')).stdout, /^Released .*\nReleased .*\n$/)
    assert.deepEqual(await current(), [])
    const none = await berth.run('extend', '--all', '--by', '15m')
    assert.deepEqual(
      { code: none.code, stderr: none.stderr },
      { code: 0, stderr: 'You have no active reservation to extend.\n' },
    )
  })

  it('answers programs with what the API says', async () => {
    const reserved = await berth.json<Reserved>('reserve')
    const { body } = await manager.get<Reservation>(`/v1/reservations/${reserved.id}`)
    assert.deepEqual({ ...body, password: reserved.password }, reserved)
    assert.deepEqual(await berth.json('show'), body)
    const { pools } = await berth.json<{ pools: Pool[] }>('pools')
    assert.equal(pools[0]?.size, 3)
    assert.deepEqual((await berth.json<{ containers: unknown[] }>('containers')).containers.length, 3)
    const released = await berth.json<{ reservations: Reservation[] }>('release', '--all')
    assert.deepEqual(
      released.reservations.map(({ id, outcome }) => ({ id, outcome })),
      [{ id: reserved.id, outcome: 'released' }],
    )
  })

  it('reserves with a keepalive, and keeps that alive', async () => {
    const [kept, other] = [
      await berth.json<Reserved>('reserve', '--keepalive', '5m'),
      await berth.json<Reserved>('reserve'),
    ]
    assert.ok(Date.parse(kept.keepalive_until ?? '') > Date.now() + 240_000)
    const called = await berth.run('keepalive', '--all')
    assert.match(called.stdout, new RegExp(`^${kept.id.slice(0, 8)} is kept until [\\d:]+\\.\n$`))
    assert.match(called.stderr, new RegExp(`^${other.id.slice(0, 8)} needs no keepalive: .* without --keepalive\\.\n$`))
    const repeated = berth.start('keepalive', kept.id, '--every', '1s', '--json')
    const until = async () => (await berth.json<Reservation>('show', kept.id)).keepalive_until ?? ''
    const first = await until()
    await eventually(async () => (await until()) > first)
    await berth.run('release', kept.id)
    const { code, stderr } = await repeated.ended
    assert.equal(code, 1)
    assert.match(stderr, /"not_active"/)
  })

  it('shows the manager, its pools and reservations in a few lines, and both versions', async () => {
    const reserved = await berth.json<Reserved>('reserve', '--user', 'dave', '--for', '10m')
    const { stdout } = await berth.run('status')
    assert.match(
      stdout,
      /^manager +http:\/\/127\.0\.0\.1:\d+, version \d+\.\d+\.\d+\nyou +anyone, admin, with 1 container\n/,
    )
    assert.match(stdout, /^pool +\S+: 2 of 3 ready, 1 reserved$/m)
    assert.match(
      stdout,
      new RegExp(`^reserved +${reserved.id.slice(0, 8)} {2}dave {2}\\S+ {2}active, 10m left\n$`, 'm'),
    )
    const status = await berth.json<{ manager: { version: string; problems: string[] } }>('status')
    const version = (await berth.run('--version')).stdout.trim()
    assert.deepEqual(status.manager, { url: manager.url, version, problems: [] })
    assert.equal((await berth.run('version')).stdout, `client    ${version}\nmanager   ${version} at ${manager.url}\n`)
    const alone = await berth.run('--url', 'http://127.0.0.1:9', 'version')
    assert.deepEqual({ code: alone.code, stdout: alone.stdout }, { code: 0, stdout: `client    ${version}\n` })
    assert.match(alone.stderr, /^berth: http:\/\/127\.0\.0\.1:9 does not answer/)
    assert.equal((await berth.run('--url', 'http://127.0.0.1:9', 'status')).code, 5)
  })

  it('takes a password from stdin', async () => {
    const made = await berth.runWith({ stdin: 'correct horse\n' }, 'reserve', '--password-stdin', '--json')
    const { password } = JSON.parse(made.stdout) as Reserved
    assert.equal(password, undefined)
    const none = await berth.run('reserve', '--password-stdin')
    assert.deepEqual(
      { code: none.code, stderr: none.stderr },
      { code: 2, stderr: 'berth: there is no password on stdin\n' },
    )
  })

  it('says what is wrong, what to do, and with which exit code', async () => {
    const cases: readonly [args: string[], code: number, says: RegExp][] = [
      [['reserve', '--count', '0'], 2, /'0' is invalid.*whole number.*\n {2}see `berth help reserve`/],
      [['reserve', '--for', 'long'], 2, /Expected a duration like 90m/],
      [['reserve', '--count', '99', '--for', '9d'], 2, /^berth: count must be at most 3.*\nduration must be/],
      [['reserve', '--key', '/nowhere'], 2, /^berth: \/nowhere does not exist\n {2}`ssh-keygen/],
      [['show', 'nothing'], 1, /you have no reservation, container, user name or note "nothing"\n {2}`berth ls` lists/],
      [['show'], 1, /you have no reservation\n {2}`berth reserve`/],
      [['reserve', '--for', '10'], 2, /Expected a unit: 10m for minutes, 10h for hours/],
      [['extend', '--to', 'soon'], 2, /^berth: invalid time "soon"\n {2}expected a time like .* 18:30/],
      [['extend'], 2, /give exactly one of --by and --to/],
      [['nonsense'], 2, /unknown command 'nonsense'/],
      [['ls', '--nonsense'], 2, /unknown option '--nonsense'\n {2}see `berth help ls`/],
      [['--url', 'http://127.0.0.1:9', 'ls'], 5, /does not answer: .*\n {2}is the manager running\? `berth serve`/],
    ]
    for (const [args, code, says] of cases) {
      const ran = await berth.run(...args)
      assert.equal(ran.code, code, `${args.join(' ')}: ${ran.stderr}`)
      assert.match(ran.stderr, says)
      assert.equal(ran.stdout, '')
    }
    const nowhere = await berth.runWith({ env: { XDG_STATE_HOME: '/dev/null/state' } }, 'reserve', '--ssh')
    assert.deepEqual({ code: nowhere.code, stdout: nowhere.stdout }, { code: 1, stdout: '' })
    assert.match(nowhere.stderr, /^berth: ENOTDIR: .*'\/dev\/null\/state\/berth\/reservations'\n$/)
    assert.deepEqual(await current(), [], 'nothing was reserved that cannot be opened')
    const keyless = await berth.runWith({ env: { XDG_STATE_HOME: '/dev/null/state' } }, 'reserve')
    assert.equal(keyless.code, 0, keyless.stderr)
    assert.match(keyless.stdout, /^Password: \w{20} /m)
    assert.match(keyless.stderr, /^berth: no key of its own \(ENOTDIR: .*\); log in with the password\n$/)
    await berth.run('release', '--all')
    await manager.untilReady()
    await berth.json('reserve', '--count', '3')
    const taken = await berth.run('reserve')
    assert.equal(taken.code, 3, taken.stderr)
    assert.match(taken.stderr, /^berth: Only 0 containers available\n {2}wait with --wait 10m/)
    const forProgram = await berth.run('reserve', '--json')
    assert.equal(forProgram.code, 3)
    const { error } = JSON.parse(forProgram.stderr) as { error: { code: string; exit: number } }
    assert.deepEqual({ code: error.code, exit: error.exit }, { code: 'not_enough', exit: 3 })
  })

  it('waits in the queue, and gives its place up when it is interrupted', async () => {
    const first = await berth.json<Reserved>('reserve', '--count', '3')
    const waiting = berth.start('reserve', '--wait', '1m', '--json')
    await eventually(async () => (await current()).length === 2)
    assert.match(waiting.output(), /^position 1 in the queue for /)
    await berth.run('release', first.id)
    const { code, stdout } = await waiting.ended
    assert.equal(code, 0)
    assert.equal((JSON.parse(stdout) as Reserved).state, 'active')
    await berth.run('release')

    await manager.untilReady()
    await berth.json<Reserved>('reserve', '--count', '3')
    const interrupted = berth.start('reserve', '--wait')
    await eventually(async () => (await current()).length === 2)
    interrupted.child.kill('SIGINT')
    assert.equal((await interrupted.ended).code, 130)
    assert.equal((await current()).length, 1)

    const vain = await berth.run('reserve', '--wait', '1s')
    assert.equal(vain.code, 3, vain.stderr)
    assert.match(vain.stderr, /timed out in the queue: /)
  })
})

const ESCAPE = '\u001b'
/** What wipes a line. */

describe('berth in a terminal', () => {
  it('has colours, and none when it is told so', async () => {
    await berth.json('reserve')
    const coloured = await berth.inTerminal('ls')
    assert.equal(coloured.code, 0)
    assert.ok(coloured.shown.includes(`${ESCAPE}[32mactive${ESCAPE}[39m`))
    assert.ok(!(await berth.inTerminal('ls', '--no-color')).shown.includes(ESCAPE))
    assert.ok(!(await berth.run('ls')).stdout.includes(ESCAPE))
  })

  it('shows no progress where the answer comes at once', async () => {
    const { code, shown } = await berth.inTerminal('reserve')
    assert.equal(code, 0)
    assert.ok(shown.startsWith(`${ESCAPE}[32mReserved`), shown)
  })

  it('asks for a secret without showing it', async () => {
    const typing = { at: /Password: /, type: 'hidden secret\n' }
    const { code, shown } = await berth.inTerminalWith(typing, 'reserve', '--password-stdin')
    assert.match(shown, /^Password: \n/)
    assert.doesNotMatch(shown, /hidden secret/)
    assert.equal(code, 0)
  })
})

describe('berth without a manager', () => {
  it('helps', async () => {
    const help = await nobody.run('help')
    assert.equal(help.code, 0)
    for (const command of ['reserve', 'run', 'ssh', 'ls', 'inventory', 'doctor', 'completion']) {
      assert.match(help.stdout, new RegExp(`^  ${command}\\b`, 'm'))
    }
    for (const group of ['Use containers:', 'Look:', 'Run a manager:']) assert.ok(help.stdout.includes(`\n${group}\n`))
    assert.match((await nobody.run('help', 'extend')).stdout, /\nExamples:\n(.*\n)* {2}berth extend --by 30m\n/)
    assert.match((await nobody.run('help', 'exit-codes')).stdout, /^3 +not now/m)
    assert.match((await nobody.run('help', 'containers', 'recycle')).stdout, /^Usage: berth containers recycle/)
    assert.equal((await nobody.run()).code, 2)
    assert.match((await nobody.run('--version')).stdout, /^\d+\.\d+\.\d+\n$/)
  })

  it('is found through links, whatever Node the machine has', async () => {
    const { stdout } = await execute(
      'sh',
      ['-c', 'ln -s "$1" ./linked && ./linked --version', '-', join(import.meta.dirname, '../../bin/berth')],
      {
        cwd: nobody.home,
        env: { ...nobody.env, PATH: '/usr/bin:/bin' },
      },
    )
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
  })

  it('does not mind that nobody reads on', async () => {
    const { stdout } = await execute(
      'bash',
      ['-c', 'set -o pipefail; "$1" help | head -1', '-', join(import.meta.dirname, '../../bin/berth')],
      { env: nobody.env },
    )
    assert.match(stdout, /^Usage/)
  })
})
