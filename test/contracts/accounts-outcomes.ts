/** What callers of the port rely on, whatever the accounts are made of. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCode } from '../../src/domain/errors.ts'
import type { Account } from '../../src/domain/account.ts'
import type { Accounts, Target } from '../../src/ports/accounts.ts'

export interface Running {
  readonly accounts: Accounts
  /** Returns new containers that run. */
  guests(count: number): Promise<readonly Target[]>
  /** Stops a container for good. */
  kill(id: string): Promise<void>
  /** Returns an account: alice, by default. */
  account(wish?: Partial<Account>): Promise<Account>
}

export function outcomesContract({ accounts, guests, kill, account }: Running): void {
  const three = async () => (await guests(3)) as [Target, Target, Target]

  test('a survey reports the system names, and the account once it exists', async () => {
    const [target] = await three()
    const survey = () => accounts.survey(target, { timeoutMs: 5_000, fresh: false })
    const before = await survey()
    assert.match(before.hostKey, /^SHA256:\S+$/)
    assert.notEqual(before.os, '')
    assert.ok(new Set(['root', 'sshd', 'nobody', 'sudo']).isSubsetOf(new Set(before.names)))
    assert.equal(before.names.includes('alice'), false)
    assert.equal((await accounts.createAccounts([target], await account(), { fresh: false })).get(target.name), null)
    assert.deepEqual(new Set((await survey()).names), new Set([...before.names, 'alice']))
  })

  test('a container that is down is an outcome, and does not hide those of the others', async () => {
    const [one, down, two] = await three()
    await kill(down.id)
    const alice = await account()
    const news = { username: 'alice', motd: 'New\n', session: '', line: 'Soon' }
    for (const work of [
      () => accounts.createAccounts([one, down, two], alice, { fresh: false }),
      () => accounts.createAccounts([one, down, two], alice, { fresh: false }),
      () => accounts.notify([one, down, two], news),
      () => accounts.writePeerNames([one, down, two], [{ name: 'p-1', address: '10.213.0.2' }]),
    ]) {
      const outcomes = await work()
      assert.deepEqual([...outcomes.keys()].toSorted(), [one.name, down.name, two.name].toSorted())
      assert.deepEqual([outcomes.get(one.name), outcomes.get(two.name)], [null, null])
      assert.ok(hasCode(outcomes.get(down.name), 'guest_failed'))
    }
    await assert.rejects(accounts.survey(down, { timeoutMs: 5_000, fresh: false }), { code: 'guest_failed' })
  })

  test("the system's own users are left alone", async () => {
    const [target] = await three()
    for (const username of ['root', 'nobody']) {
      const outcomes = await accounts.createAccounts([target], await account({ username }), { fresh: false })
      const error = outcomes.get(target.name)
      assert.ok(hasCode(error, 'guest_failed'), username)
      assert.match(error.message, /belongs to the system/)
    }
  })

  test('no targets, no outcomes', async () => {
    assert.equal((await accounts.createAccounts([], await account(), { fresh: true })).size, 0)
    assert.equal((await accounts.notify([], { username: 'alice', motd: '', session: '', line: '' })).size, 0)
  })
}
