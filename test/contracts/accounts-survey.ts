import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCode } from '../../src/domain/errors.ts'
import { login } from '../support/ssh.ts'
import { account, type Bench } from './accounts-bench.ts'

export function surveyContract({ accounts, engine, guest, create }: Bench): void {
  test('a survey reports the names that are taken and the host key that ssh sees', async () => {
    const target = await guest()
    const empty = await accounts.survey(target, { timeoutMs: 5_000, fresh: false })
    assert.ok(new Set(['root', 'sshd', 'nobody', 'sudo']).isSubsetOf(new Set(empty.names)))
    assert.match(empty.os, /Alpine|Debian|Ubuntu/)

    await create([target], await account())
    const session = await login({ port: target.port, username: 'alice', password: 'test' })
    session.close()
    assert.equal(empty.hostKey, session.hostKey)
  })

  test('an sshd that accepts a connection and sends nothing is not up', async () => {
    const target = await guest()
    await engine.exec(target.id, { command: ['pkill', '-STOP', 'sshd'], timeoutMs: 5_000 })
    await assert.rejects(accounts.survey(target, { timeoutMs: 300, fresh: false }), (error) =>
      hasCode(error, 'guest_failed'),
    )
  })
}
