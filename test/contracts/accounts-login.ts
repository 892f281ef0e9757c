import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCode } from '../../src/domain/errors.ts'
import type { RunningGuest } from '../support/engine/guests.ts'
import { newKeyPair } from '../../lab/key-pair.ts'
import { isRefused, loginAndRun } from '../support/ssh.ts'
import { account, type Bench } from './accounts-bench.ts'

const passwords = [
  ` two words'"\\ a:b $(id)\`id\`$HOME {{7*7}}{% raw %} # pässwörd→日本🔑 `,
  'x'.repeat(64), // the block of SHA-512 crypt, where unixcrypt's hashes are wrong
  'x'.repeat(128),
]

export function loginContract({ accounts, engine, guest, guests, create }: Bench): void {
  test('the account can log in once createAccounts has resolved, and no other user can', async () => {
    const target = await guest()
    await create([target], await account({ password: 'right' }))
    const { port } = target
    const { stdout } = await loginAndRun({ port, username: 'alice', password: 'right' }, 'whoami; pwd; echo $SHELL')
    assert.deepEqual(stdout.split('\n'), ['alice', '/home/alice', '/bin/bash'])
    await refused({ port, username: 'alice', password: 'wrong' }, { port, username: 'bob', password: 'right' })
  })

  test('any password works', async () => {
    const target = await guest()
    for (const password of passwords) {
      await create([target], await account({ password }))
      const { stdout } = await loginAndRun({ port: target.port, username: 'alice', password }, 'whoami')
      assert.equal(stdout, 'alice', password)
    }
  })

  test('keys log in without a password, and their comments are not templates', async () => {
    const target = await guest()
    const keys = [newKeyPair('{{ 7 * 7 }}'), newKeyPair('second ключ')]
    const sshKeys = keys.map(({ publicKey }) => publicKey)
    await create([target], await account({ passwordHash: null, sshKeys }))
    const who = { port: target.port, username: 'alice' }
    for (const { privateKey } of keys) {
      const { stdout } = await loginAndRun({ ...who, privateKey }, 'cat ~/.ssh/authorized_keys')
      assert.deepEqual(stdout.split('\n'), sshKeys)
    }
    await refused({ ...who, password: '' }, { ...who, password: '*' }, { ...who, password: '!' })
  })

  test('creating the account again replaces password, keys and sudo', async () => {
    const target = await guest()
    const { privateKey, publicKey } = newKeyPair()
    const who = { port: target.port, username: 'alice' }
    await create([target], await account({ password: 'first', sshKeys: [publicKey], sudo: true }))
    await loginAndRun({ ...who, privateKey }, 'true')
    await create([target], await account({ password: 'second', sudo: false }))
    await refused({ ...who, password: 'first' }, { ...who, privateKey })
    const { code } = await loginAndRun({ ...who, password: 'second' }, 'sudo -n true')
    assert.notEqual(code, 0)
  })

  test('only an account with sudo becomes root', async () => {
    const [may, mayNot] = (await guests(2)) as [RunningGuest, RunningGuest]
    await Promise.all([create([may], await account({ sudo: true })), create([mayNot], await account({ sudo: false }))])
    const become = ({ port }: RunningGuest) =>
      loginAndRun({ port, username: 'alice', password: 'test' }, 'sudo -n id -u')
    assert.deepEqual(await become(may), { code: 0, stdout: '0', stderr: '' })
    assert.notEqual((await become(mayNot)).code, 0)
  })

  test('a name may have upper case, dots, hyphens and underscores', async () => {
    const target = await guest()
    const username = 'Ada.L-1_'
    await create([target], await account({ username }))
    const { stdout } = await loginAndRun({ port: target.port, username, password: 'test' }, 'pwd')
    assert.equal(stdout, `/home/${username}`)
  })

  test('a container that fails does not hide the outcomes of the others', async () => {
    const [one, dead, two] = (await guests(3)) as [RunningGuest, RunningGuest, RunningGuest]
    await engine.kill(dead.id)
    const outcomes = await accounts.createAccounts([one, dead, two], await account(), { fresh: true })
    assert.ok(hasCode(outcomes.get(dead.name), 'guest_failed'))
    for (const { name, port } of [one, two]) {
      assert.equal(outcomes.get(name), null)
      await loginAndRun({ port, username: 'alice', password: 'test' }, 'true')
    }
  })
}

/** sshd takes its time over a refusal, so all at once. */
async function refused(...logins: Parameters<typeof isRefused>[0][]): Promise<void> {
  const refusals = await Promise.all(logins.map(isRefused))
  assert.deepEqual(
    refusals,
    refusals.map(() => true),
  )
}
