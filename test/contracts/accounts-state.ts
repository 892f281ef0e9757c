import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newKeyPair } from '../../lab/key-pair.ts'
import { seenInProcesses } from '../support/manager/watch-processes.ts'
import { expectedState, filesWith, stateOf } from './account-state.ts'
import { account, type Bench } from './accounts-bench.ts'

export function stateContract({ commands, engine, guest, create }: Bench): void {
  test('every implementation makes the same account, and its hash is only in /etc/shadow, not in a process list', async () => {
    const target = await guest()
    const alice = await account({ password: 'a secret', sudo: true })
    const hash = alice.passwordHash ?? ''
    const seen = await seenInProcesses([hash, 'a secret'], () => create([target], alice))
    assert.deepEqual(seen, [])
    assert.ok(commands.every((command) => !command.includes(hash) && !command.includes('alice')))
    assert.deepEqual(await filesWith(engine, target, hash), ['/etc/shadow'])
    const expected = expectedState('alice', target, { password: hash, groups: 'alice sudo' })
    assert.deepEqual(await stateOf(engine, target, 'alice'), expected)
  })

  test('counter-probe: arguments of a process in a container are seen', async () => {
    const target = await guest()
    const careless = { command: ['bash', '-c', 'sleep 0.2; true', 'a-secret'], timeoutMs: 5_000 }
    const seen = await seenInProcesses(['a-secret'], () => engine.exec(target.id, careless))
    assert.match(seen.join('\n'), /a-secret/)
  })

  test('an account with keys and without a password, created twice', async () => {
    const target = await guest()
    const alice = await account({ passwordHash: null, sshKeys: [newKeyPair().publicKey] })
    const expected = expectedState('alice', target, { password: '*', keys: true })
    for (let time = 1; time <= 2; time++) {
      await create([target], alice)
      assert.deepEqual(await stateOf(engine, target, 'alice'), expected, `time ${time}`)
    }
  })
}
