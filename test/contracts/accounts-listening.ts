/** What listens in containers that nobody has yet, and what native accounts have made ready there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PLACEHOLDER } from '../../src/core/account.ts'
import type { Target } from '../../src/core/ports.ts'
import { docker } from '../support/docker.ts'
import { newKeyPair } from '../support/ssh.ts'
import { expectedState, stateOf } from './account-state.ts'
import { account, allDone, type Bench } from './accounts-bench.ts'

export function listeningContract(bench: Bench): void {
  const { accounts, engine, guest, open } = bench

  async function isListening({ id }: Target): Promise<boolean> {
    return (await engine.exec(id, { command: ['pgrep', '-f', 'berth-listen'], timeoutMs: 5_000 })).code === 0
  }

  async function hasPlaceholder({ id }: Target): Promise<boolean> {
    const databases = ['passwd', 'shadow', 'group', 'gshadow', 'subuid', 'subgid'].map((name) => `/etc/${name}`)
    const command = ['grep', '-ls', '-e', `^${PLACEHOLDER}:`, '-e', `/${PLACEHOLDER}:`, ...databases]
    const files = await engine.exec(id, { command, timeoutMs: 5_000 })
    const home = await engine.exec(id, { command: ['test', '-e', `/home/${PLACEHOLDER}`], timeoutMs: 5_000 })
    return files.stdout !== '' || home.code === 0
  }

  test('in a fresh container the account is opened without any exec, and nobody listens any more', async () => {
    const since = Date.now()
    const target = await guest()
    const alice = await account({ sudo: true, sshKeys: [newKeyPair().publicKey] })
    await open([target], alice)
    const events = ['--filter', `container=${target.id}`, '--filter', 'event=exec_create']
    const until = String(Math.ceil(Date.now() / 1000))
    const execs = await docker('events', '--since', String(Math.floor(since / 1000)), '--until', until, ...events)
    assert.equal(execs, '')
    assert.equal(await isListening(target), false)
    assert.equal(await hasPlaceholder(target), false)
    const expected = expectedState('alice', { password: alice.passwordHash ?? '', groups: 'alice sudo', keys: true })
    assert.deepEqual(await stateOf(engine, target, 'alice'), expected)
  })

  test('the program that makes the account is not run, unless something is in the way', async () => {
    const [free, inTheWay] = await bench.guests(2)
    assert.ok(free && inTheWay)
    await engine.exec(inTheWay.id, { command: ['mkdir', '/home/alice'], timeoutMs: 5_000 })
    const alice = await account({ sudo: true, sshKeys: [newKeyPair().publicKey] })
    const request = { program: 'echo run; exit 3', free: 'ends', account: alice, timeoutMs: 20_000 } as const
    assert.deepEqual(await engine.runBash(free.id, request), { output: '', code: 0 })
    assert.deepEqual(await engine.runBash(inTheWay.id, request), { output: 'run\n', code: 3 })
    const expected = expectedState('alice', { password: alice.passwordHash ?? '', groups: 'alice sudo', keys: true })
    assert.deepEqual(await stateOf(engine, free, 'alice'), expected)
    const files = await engine.exec(free.id, {
      command: ['cat', '/etc/motd', '/home/alice/.ssh/authorized_keys'],
      timeoutMs: 5_000,
    })
    assert.equal(files.stdout, `${alice.motd}${alice.sshKeys[0]}\n`)
    // What the program would have found.
    assert.equal(await hasPlaceholder(inTheWay), true)
    assert.equal(await isListening(inTheWay), false)
  })

  test('whoever opens an account without asking who listens sends them away, and they do not come back', async () => {
    const target = await guest()
    assert.equal(await isListening(target), true)
    allDone(await accounts.open([target], await account(), { fresh: false }))
    assert.equal(await isListening(target), false)
    assert.equal(await hasPlaceholder(target), false)
    assert.equal((await stateOf(engine, target, 'alice'))['passwd'], 'alice:x:1000:1000::/home/alice:/bin/bash')
    await docker('restart', '--time', '0', target.id)
    await accounts.survey(target, { timeoutMs: 10_000, fresh: false })
    assert.equal(await isListening(target), false)
  })

  test('a listener that somebody killed is done without', async () => {
    const target = await guest()
    await engine.exec(target.id, { command: ['pkill', '-9', '-f', 'berth-listen'], timeoutMs: 5_000 })
    await open([target], await account())
    assert.equal(await hasPlaceholder(target), false)
  })

  test('the name of a placeholder is for nobody', async () => {
    const target = await guest()
    const { names, humans } = await accounts.survey(target, { timeoutMs: 5_000, fresh: false })
    assert.equal(names.includes(PLACEHOLDER), false)
    assert.deepEqual(humans, [])
  })
}
