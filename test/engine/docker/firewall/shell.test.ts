import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, afterEach, before, beforeEach, it } from 'node:test'
import { Requests } from '../../../../src/engine/docker/api/requests.ts'
import { connect } from '../../../../src/engine/docker/api/client.ts'
import { ensureFirewall } from '../../../../src/engine/docker/firewall/firewall.ts'
import { FirewallShell } from '../../../../src/engine/docker/firewall/shell.ts'
import { blocklistName } from '../../../../src/engine/docker/firewall/rules.ts'
import { firewallName } from '../../../../src/engine/docker/firewall/spec.ts'
import { docker, dockerLines } from '../../../../lab/docker.ts'
import { eventually } from '../../../../lab/eventually.ts'
import { testInstance } from '../../../../lab/instance.ts'

const { instance } = testInstance('firewall-shell')
const firewall = firewallName(instance)
const engine = connect(process.env['DOCKER_HOST'])
const requests = new Requests(engine.address)
const DEADLINE = 5_000
/** TEST-NET-1. */
const [ADDRESS, OTHER] = ['192.0.2.1', '192.0.2.2']

let shell: FirewallShell
/** Start of the events that are read, by Docker's clock. */
let since = ''

before(() => ensureFirewall(engine, instance, AbortSignal.timeout(30_000)))
beforeEach(async () => {
  shell = new FirewallShell(engine, requests, instance, DEADLINE)
  await shell.open()
  since = await docker('info', '--format', '{{.SystemTime}}')
})
afterEach(() => shell.close())
after(() => {
  requests.close()
  engine.close()
})

/** Process ids of open shells, inside the firewall. */
async function shells(): Promise<string[]> {
  const inside = `for p in /proc/[0-9]*; do grep -qs berth-done $p/cmdline && echo "\${p#/proc/}"; done; true`
  const found = await dockerLines('exec', firewall, 'sh', '-c', inside)
  // The search itself contains the word, and is gone by now.
  const there = await dockerLines('exec', firewall, 'sh', '-c', 'ls /proc')
  return found.filter((pid) => there.includes(pid))
}

async function blocked(): Promise<string[]> {
  const set = await docker('exec', firewall, 'nft', 'list', 'set', 'inet', blocklistName(instance), 'blocked')
  return set.match(/192\.0\.2\.\d+/g) ?? []
}

/** Returns how many shells were opened since `since`. */
async function openedSince(): Promise<number> {
  const until = await docker('info', '--format', '{{.SystemTime}}')
  const filters = ['--filter', `container=${firewall}`, '--filter', 'event=exec_create', '--format', '{{.Action}}']
  const lines = await dockerLines('events', '--since', since, '--until', until, ...filters)
  return lines.filter((line) => line.includes('berth-done %s')).length
}

it('changes share the shell', async () => {
  await shell.change([ADDRESS, OTHER], [])
  await shell.change([], [OTHER])
  assert.deepEqual([await openedSince(), await blocked()], [0, [ADDRESS]])
  await shell.change([], [ADDRESS])
  assert.deepEqual(await blocked(), [])
})

it('a thousand addresses are blocked by one line', async () => {
  const many = Array.from({ length: 1_000 }, (_, index) => `198.18.${index >> 8}.${index & 255}`)
  await shell.change(many, [])
  await shell.change([ADDRESS], many)
  assert.deepEqual([await openedSince(), await blocked()], [0, [ADDRESS]])
  await shell.change([], [ADDRESS])
})

it('an error of nft is thrown with its message, and the shell stays open', async () => {
  await assert.rejects(shell.change(['nowhere.invalid'], []), {
    code: 'engine_unavailable',
    message: /update the firewall: .*(?:resolve|Error)/s,
  })
  await shell.change([ADDRESS], [])
  assert.deepEqual([await openedSince(), await blocked()], [0, [ADDRESS]])
  await shell.change([], [ADDRESS])
})

for (const [signal, what] of [
  ['KILL', 'is dead'],
  ['STOP', 'does not answer'],
] as const) {
  it(`when the shell ${what}, the change opens another one, which serves the next change, too`, async () => {
    const [pid = ''] = await shells()
    await docker('exec', firewall, 'kill', `-${signal}`, pid)
    await shell.change([ADDRESS], [])
    assert.deepEqual([await openedSince(), await blocked()], [1, [ADDRESS]])
    await docker('exec', firewall, 'kill', '-KILL', pid).catch(() => undefined)
    await shell.change([], [ADDRESS])
    assert.deepEqual([await openedSince(), await blocked()], [1, []])
  })
}

it('a shell that is opened while none is there serves the change that waits for it', async () => {
  shell.close()
  await Promise.all([shell.change([ADDRESS], [OTHER]), shell.change([OTHER], [ADDRESS])])
  assert.deepEqual([await openedSince(), await blocked()], [1, [OTHER]])
  await shell.change([], [OTHER])
})

it('without a firewall, a change fails in time', async () => {
  const none = new FirewallShell(engine, requests, `${instance}-none`, DEADLINE)
  await assert.rejects(none.change([ADDRESS], []), { code: 'engine_unavailable', message: /No such container/ })
})

it('a line that the shell reads after the manager has given up on it is not carried out', async () => {
  const [pid = ''] = await shells()
  await docker('exec', firewall, 'kill', '-STOP', pid)
  await shell.change([ADDRESS], [])
  await shell.change([], [ADDRESS])
  await docker('exec', firewall, 'kill', '-CONT', pid)
  await eventually(async () => !(await shells()).includes(pid))
  assert.deepEqual(await blocked(), [])
})

it('a shell ends with the manager that opened it, also after SIGKILL', async () => {
  shell.close()
  await eventually(async () => (await shells()).length === 0)
  const opening = `
    const [{ connect }, { Requests }, { FirewallShell }] = await Promise.all(
      ['api/client', 'api/requests', 'firewall/shell'].map((name) => import('${import.meta.dirname}/../../../../src/engine/docker/' + name + '.ts')),
    )
    const engine = connect(process.env.DOCKER_HOST)
    await new FirewallShell(engine, new Requests(engine.address), '${instance}', ${DEADLINE}).open()
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
