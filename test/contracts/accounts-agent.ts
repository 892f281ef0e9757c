/** The agent of free containers, and the placeholder that native accounts prepare there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAccountProgram } from '../../src/accounts/native/script.ts'
import { Shell } from '../../src/accounts/shell.ts'
import { PLACEHOLDER } from '../../src/domain/account.ts'
import type { Target } from '../../src/ports/accounts.ts'
import type { Engine } from '../../src/ports/engine.ts'
import { docker } from '../../lab/docker.ts'
import { newKeyPair } from '../../lab/key-pair.ts'
import { expectedState, stateOf } from './account-state.ts'
import { account, allDone, type Bench } from './accounts-bench.ts'

export function agentContract(bench: Bench): void {
  const { accounts, engine, guest, create } = bench

  async function idOf({ id }: Target, username: string): Promise<string> {
    return (await engine.exec(id, { command: ['id', '-u', username], timeoutMs: 5_000 })).stdout.trim()
  }

  async function hasAgent({ id }: Target): Promise<boolean> {
    return (await engine.exec(id, { command: ['pgrep', '-f', 'berth-listen'], timeoutMs: 5_000 })).code === 0
  }

  async function hasPlaceholder({ id }: Target): Promise<boolean> {
    const databases = ['passwd', 'shadow', 'group', 'gshadow', 'subuid', 'subgid'].map((name) => `/etc/${name}`)
    const command = ['grep', '-ls', '-e', `^${PLACEHOLDER}:`, '-e', `/${PLACEHOLDER}:`, ...databases]
    const files = await engine.exec(id, { command, timeoutMs: 5_000 })
    const home = await engine.exec(id, { command: ['test', '-e', `/home/${PLACEHOLDER}`], timeoutMs: 5_000 })
    return files.stdout !== '' || home.code === 0
  }

  test('in a fresh container the account is created without an exec, and the agent is gone', async () => {
    const since = Date.now()
    const target = await guest()
    const alice = await account({ sudo: true, sshKeys: [newKeyPair().publicKey] })
    await create([target], alice)
    const events = ['--filter', `container=${target.id}`, '--filter', 'event=exec_create']
    const until = String(Math.ceil(Date.now() / 1000))
    const execs = await docker('events', '--since', String(Math.floor(since / 1000)), '--until', until, ...events)
    assert.equal(execs, '')
    assert.equal(await hasAgent(target), false)
    assert.equal(await hasPlaceholder(target), false)
    const expected = expectedState('alice', target, {
      password: alice.passwordHash ?? '',
      groups: 'alice sudo',
      keys: true,
    })
    assert.deepEqual(await stateOf(engine, target, 'alice'), expected)
  })

  test('the placeholder is renamed with keys, sudo and motd; useradd makes the account if something is in the way', async () => {
    const [free, inTheWay] = await bench.guests(2)
    assert.ok(free && inTheWay)
    const placeholder = await idOf(free, PLACEHOLDER)
    await engine.exec(inTheWay.id, { command: ['touch', '/home/_/.ssh'], timeoutMs: 5_000 })
    await engine.exec(free.id, { command: ['sh', '-c', 'echo written by a playbook >/etc/motd'], timeoutMs: 5_000 })
    const alice = await account({ sudo: true, sshKeys: [newKeyPair().publicKey], motd: 'Short\n' })
    await create([free, inTheWay], alice)
    for (const target of [free, inTheWay]) {
      const expected = expectedState('alice', target, {
        password: alice.passwordHash ?? '',
        groups: 'alice sudo',
        keys: true,
      })
      assert.deepEqual(await stateOf(engine, target, 'alice'), expected)
      const files = await engine.exec(target.id, {
        command: ['cat', '/etc/motd', '/home/alice/.ssh/authorized_keys'],
        timeoutMs: 5_000,
      })
      assert.equal(files.stdout, `Short\n${alice.sshKeys[0]}\n`)
      assert.equal(await hasPlaceholder(target), false)
      assert.equal(await hasAgent(target), false)
    }
    assert.equal(await idOf(free, 'alice'), placeholder)
    const checks = await engine.exec(free.id, { command: ['sh', '-c', 'pwck -r && grpck -r'], timeoutMs: 5_000 })
    assert.equal(checks.stdout.includes('alice'), false, checks.stdout)
  })

  test('an account that is created by an exec ends the agent, also for after a restart', async () => {
    const target = await guest()
    assert.equal(await hasAgent(target), true)
    allDone(await accounts.createAccounts([target], await account(), { fresh: false }))
    assert.equal(await hasAgent(target), false)
    assert.equal(await hasPlaceholder(target), false)
    const { passwd } = expectedState('alice', target, { password: '' })
    assert.equal((await stateOf(engine, target, 'alice'))['passwd'], passwd)
    await docker('restart', '--time', '0', target.id)
    await accounts.survey(target, { timeoutMs: 10_000, fresh: false })
    assert.equal(await hasAgent(target), false)
  })

  test('a fresh container whose agent does not answer gets no account', async () => {
    const target = await guest()
    await engine.exec(target.id, { command: ['pkill', '-9', '-f', 'berth-listen'], timeoutMs: 5_000 })
    const wanted = await account()
    const outcome = (await accounts.createAccounts([target], wanted, { fresh: true })).get(target.name)
    assert.match(String(outcome), /the agent does not answer/)
    assert.notEqual((await engine.exec(target.id, { command: ['id', 'alice'], timeoutMs: 5_000 })).code, 0)
    // Without the claim that it is fresh, an exec creates the account.
    allDone(await accounts.createAccounts([target], wanted, { fresh: false }))
  })

  test('in a fresh container without an agent no account is created if a tenant has been in', async () => {
    const target = await guest()
    await engine.exec(target.id, { command: ['pkill', '-9', '-f', 'berth-listen'], timeoutMs: 5_000 })
    const program = createAccountProgram(await account(), true)
    const withoutAgent = new Shell({ exec: (...args: Parameters<Engine['exec']>) => engine.exec(...args) } as Engine)
    const run = () => withoutAgent.run(target.id, { program, agent: 'exits', timeoutMs: 10_000 })
    assert.deepEqual(await run(), { code: 0, output: '' })
    assert.deepEqual(await run(), { code: 1, output: 'a tenant has been in this container before\n' })
  })

  test('a survey does not report the placeholder', async () => {
    const target = await guest()
    const { names } = await accounts.survey(target, { timeoutMs: 5_000, fresh: false })
    assert.equal(names.includes(PLACEHOLDER), false)
  })
}
