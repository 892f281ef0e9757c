import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCode } from '../../src/core/errors.ts'
import { newKeyPair } from '../support/ssh.ts'
import { seenInProcesses } from '../support/watch-processes.ts'
import { expectedState, filesWith, stateOf } from './account-state.ts'
import { account, type Bench } from './accounts-bench.ts'

export function stateContract({ accounts, commands, engine, guest, open }: Bench): void {
  test('the account, however it is made; its hash in /etc/shadow and nowhere else, nor in a process list', async () => {
    const target = await guest()
    const alice = await account({ password: 'a secret', sudo: true })
    const hash = alice.passwordHash ?? ''
    const seen = await seenInProcesses([hash, 'a secret'], () => open([target], alice))
    assert.deepEqual(seen, [])
    assert.ok(commands.every((command) => !command.includes(hash) && !command.includes('alice')))
    assert.deepEqual(await filesWith(engine, target, hash), ['/etc/shadow'])
    const expected = expectedState('alice', { password: hash, groups: 'alice sudo' })
    assert.deepEqual(await stateOf(engine, target, 'alice'), expected)
  })

  test('the look-out for secrets sees the arguments of a process in a container', async () => {
    const target = await guest()
    const careless = { command: ['bash', '-c', 'sleep 0.2; true', 'a-secret'], timeoutMs: 5_000 }
    const seen = await seenInProcesses(['a-secret'], () => engine.exec(target.id, careless))
    assert.match(seen.join('\n'), /a-secret/)
  })

  test('an account with keys and without a password, opened twice', async () => {
    const target = await guest()
    const alice = await account({ passwordHash: null, sshKeys: [newKeyPair().publicKey] })
    const expected = expectedState('alice', { password: '*', keys: true })
    for (let time = 1; time <= 2; time++) {
      await open([target], alice)
      assert.deepEqual(await stateOf(engine, target, 'alice'), expected, `time ${time}`)
    }
  })

  test("the system's own users are left alone", async () => {
    const target = await guest()
    for (const username of ['root', 'nobody']) {
      const outcomes = await accounts.open([target], await account({ username }), { fresh: false })
      const error = outcomes.get(target.name)
      assert.ok(hasCode(error, 'guest_failed'), username)
      assert.match(error.message, /belongs to the system/)
    }
  })
}
