/** What native accounts have ready in containers that nobody has yet. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nativeAccounts } from '../../src/accounts/native.ts'
import { PLACEHOLDER } from '../../src/core/account.ts'
import type { Accounts, Target } from '../../src/core/ports.ts'
import { eventually } from '../support/eventually.ts'
import { newKeyPair } from '../support/ssh.ts'
import { expectedState, stateOf } from './account-state.ts'
import { account, allDone, type Bench } from './accounts-bench.ts'

export function waitingContract(bench: Bench): void {
  const { accounts, commands, engine, guest, open } = bench

  /** Command lines of what waits inside. */
  async function waiting({ id }: Target): Promise<string[]> {
    const command = ['pgrep', '-af', 'berth-waits']
    const { stdout } = await engine.exec(id, { command, timeoutMs: 5_000 })
    return stdout.trim() === ''
      ? []
      : stdout
          .trim()
          .split('\n')
          .filter((line) => /^\d+ bash -c/.test(line))
  }

  async function hasPlaceholder({ id }: Target): Promise<boolean> {
    const command = [
      'grep',
      '-lrs',
      PLACEHOLDER,
      '/etc/passwd',
      '/etc/shadow',
      '/etc/group',
      '/etc/gshadow',
      '/etc/subuid',
      '/etc/subgid',
    ]
    const files = await engine.exec(id, { command, timeoutMs: 5_000 })
    const home = await engine.exec(id, { command: ['test', '-e', `/home/${PLACEHOLDER}`], timeoutMs: 5_000 })
    return files.stdout !== '' || home.code === 0
  }

  /** A manager of its own, which knows nothing of the other one's. */
  function another(): Accounts {
    const ansible = { run: async () => new Map(), close: async () => undefined }
    return nativeAccounts({ engine, ansible })
  }

  test('in a fresh container a shell waits, opens the account without another exec, and is gone with its placeholder', async () => {
    const target = await guest()
    assert.equal((await waiting(target)).length >= 1, true)
    const before = commands.length
    const alice = await account({ sudo: true, sshKeys: [newKeyPair().publicKey] })
    await open([target], alice)
    assert.equal(commands.length, before, 'no further exec')
    assert.deepEqual(await waiting(target), [])
    assert.equal(await hasPlaceholder(target), false)
    const expected = expectedState('alice', { password: alice.passwordHash ?? '', groups: 'alice sudo', keys: true })
    assert.deepEqual(await stateOf(engine, target, 'alice'), expected)
  })

  test('whoever opens an account sends away what waits there for another manager', async () => {
    const target = await guest()
    const outcomes = await another().open([target], await account())
    allDone(outcomes)
    assert.deepEqual(await waiting(target), [])
    assert.equal(await hasPlaceholder(target), false)
    assert.equal((await stateOf(engine, target, 'alice'))['passwd'], 'alice:x:1000:1000::/home/alice:/bin/bash')
  })

  test('a manager that finds a free container has a shell wait there, until it is told that it is not free any more', async () => {
    const target = await guest()
    const other = another()
    accounts.expect([target])
    accounts.expect([])
    await eventually(async () => (await waiting(target)).length === 0)
    other.expect([target])
    await eventually(async () => (await waiting(target)).length > 0)
    other.expect([])
    await eventually(async () => (await waiting(target)).length === 0)
  })

  test('nothing waits where somebody is in already', async () => {
    const target = await guest()
    await open([target], await account())
    const other = another()
    other.expect([target])
    // What it began has ended by then.
    allDone(await other.open([target], await account()))
    assert.deepEqual(await waiting(target), [])
  })

  test('a shell that somebody killed is done without', async () => {
    const target = await guest()
    await engine.exec(target.id, { command: ['pkill', '-9', '-f', 'berth-waits'], timeoutMs: 5_000 })
    await open([target], await account())
    assert.equal(await hasPlaceholder(target), false)
  })

  test('the name of a placeholder is for nobody', async () => {
    const target = await guest()
    const { names, humans } = await another().survey(target, { timeoutMs: 5_000, fresh: false })
    assert.equal(names.includes(PLACEHOLDER), false)
    assert.deepEqual(humans, [])
  })
}
