import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, afterEach, before, beforeEach, it } from 'node:test'
import { Calls } from '../../../src/engine/docker/calls.ts'
import { connect } from '../../../src/engine/docker/connection.ts'
import { ensureGuard } from '../../../src/engine/docker/guard.ts'
import { GuardShell } from '../../../src/engine/docker/guard-shell.ts'
import { barrierName, guardName } from '../../../src/engine/docker/guard-spec.ts'
import { docker, dockerLines } from '../../support/docker.ts'
import { eventually } from '../../support/eventually.ts'
import { testInstance } from '../../support/instance.ts'

const { instance } = testInstance('guard-shell')
const guard = guardName(instance)
const engine = connect(process.env['DOCKER_HOST'])
const calls = new Calls(engine.address)
const DEADLINE = 5_000
/** TEST-NET-1. */
const [ADDRESS, OTHER] = ['192.0.2.1', '192.0.2.2']

let shell: GuardShell
/** When Docker's events are asked for from, as Docker tells the time. */
let since = ''

before(() => ensureGuard(engine, instance, AbortSignal.timeout(30_000)))
beforeEach(async () => {
  shell = new GuardShell(engine, calls, instance, DEADLINE)
  await shell.open()
  since = await docker('info', '--format', '{{.SystemTime}}')
})
afterEach(() => shell.close())
after(() => {
  calls.close()
  engine.close()
})

/** Processes of shells that are open, as the guard numbers them. */
async function shells(): Promise<string[]> {
  const inside = `for p in /proc/[0-9]*; do grep -qs berth-loaded $p/cmdline && echo "\${p#/proc/}"; done; true`
  const found = await dockerLines('exec', guard, 'sh', '-c', inside)
  // What looks for the word bears it, too, and is gone.
  const there = await dockerLines('exec', guard, 'sh', '-c', 'ls /proc')
  return found.filter((pid) => there.includes(pid))
}

async function barred(): Promise<string[]> {
  const set = await docker('exec', guard, 'nft', 'list', 'set', 'inet', barrierName(instance), 'barred')
  return set.match(/192\.0\.2\.\d+/g) ?? []
}

async function execs(): Promise<string[]> {
  const until = await docker('info', '--format', '{{.SystemTime}}')
  const filters = ['--filter', `container=${guard}`, '--filter', 'event=exec_create', '--format', '{{.Action}}']
  return (await dockerLines('events', '--since', since, '--until', until, ...filters)).filter((of) =>
    /: nft -f/.test(of),
  )
}

it('changes take no exec of their own', async () => {
  await shell.change({ bar: [ADDRESS, OTHER], lift: [] })
  await shell.change({ bar: [], lift: [OTHER] })
  assert.deepEqual([await execs(), await barred()], [[], [ADDRESS]])
  await shell.change({ bar: [], lift: [ADDRESS] })
  assert.deepEqual(await barred(), [])
})

it('a thousand are barred by one line', async () => {
  const many = Array.from({ length: 1_000 }, (_, index) => `198.18.${index >> 8}.${index & 255}`)
  await shell.change({ bar: many, lift: [] })
  await shell.change({ bar: [ADDRESS], lift: many })
  assert.deepEqual([await execs(), await barred()], [[], [ADDRESS]])
  await shell.change({ bar: [], lift: [ADDRESS] })
})

it('what nft refuses is told in its words, and the shell goes on', async () => {
  await assert.rejects(shell.change({ bar: ['nowhere.invalid'], lift: [] }), {
    code: 'engine_failed',
    message: /bars nobody: .*(?:resolve|Error)/s,
  })
  await shell.change({ bar: [ADDRESS], lift: [] })
  assert.deepEqual([await execs(), await barred()], [[], [ADDRESS]])
  await shell.change({ bar: [], lift: [ADDRESS] })
})

for (const [signal, what] of [
  ['KILL', 'is dead'],
  ['STOP', 'does not answer'],
] as const) {
  it(`a shell that ${what} keeps nobody in: the change takes an exec, and the next one another shell`, async () => {
    const [pid = ''] = await shells()
    await docker('exec', guard, 'kill', `-${signal}`, pid)
    await shell.change({ bar: [ADDRESS], lift: [] })
    assert.deepEqual([(await execs()).length, await barred()], [1, [ADDRESS]])
    await eventually(async () => (await shells()).some((other) => other !== pid))
    await docker('exec', guard, 'kill', '-KILL', pid).catch(() => undefined)
    await eventually(async () => {
      await shell.change({ bar: [], lift: [ADDRESS] })
      const taken = (await execs()).length
      await shell.change({ bar: [ADDRESS], lift: [] })
      return (await execs()).length === taken
    })
    await shell.change({ bar: [], lift: [ADDRESS] })
  })
}

it('a shell ends with the manager that has opened it, killed or not', async () => {
  shell.close()
  await eventually(async () => (await shells()).length === 0)
  const opening = `
    const [{ connect }, { Calls }, { GuardShell }] = await Promise.all(
      ['connection', 'calls', 'guard-shell'].map((name) => import('${import.meta.dirname}/../../../src/engine/docker/' + name + '.ts')),
    )
    const engine = connect(process.env.DOCKER_HOST)
    await new GuardShell(engine, new Calls(engine.address), '${instance}', ${DEADLINE}).open()
    console.log('open')
    setInterval(() => {}, 1000)`
  const other = spawn(process.execPath, ['--input-type=module', '-e', opening], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const said of other.stdout) if (String(said).includes('open')) break
  assert.equal((await shells()).length, 1)
  other.kill('SIGKILL')
  await eventually(async () => (await shells()).length === 0)
})
