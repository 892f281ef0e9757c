import assert from 'node:assert/strict'
import { createHashing } from '../../src/accounts/hashing.ts'
import { type Ansible, openAnsible } from '../../src/accounts/playbook.ts'
import type { Account } from '../../src/core/account.ts'
import type { Accounts, BashRequest, Engine, ExecRequest, Outcomes, Target } from '../../src/core/ports.ts'
import { execOf } from '../../src/engine/bash.ts'
import { openDocker } from '../../src/engine/docker/engine.ts'
import { type RunningGuest, removeGuests, startGuests } from '../support/guests.ts'
import { testInstance } from '../support/instance.ts'

export type OpenAccounts = (parts: { engine: Engine; ansible: Ansible }) => Accounts

export interface Bench {
  readonly accounts: Accounts
  readonly engine: Engine
  /** All that the accounts have run in containers through the engine, as command lines. */
  readonly commands: readonly string[]
  /** New containers whose sshd answers. */
  guests(count: number): Promise<RunningGuest[]>
  guest(): Promise<RunningGuest>
  /** Opens the account, and fails the test unless every target says that it is done. */
  open(targets: readonly Target[], account: Account): Promise<void>
  /** Removes the guests, too. */
  close(): Promise<void>
}

/** What the suite of one implementation needs. */
export function openBench(name: string, openAccounts: OpenAccounts): Bench {
  const names = testInstance(`acc-${name}`)
  const engine = openDocker({ instance: names.instance, reaches: ['all'], dockerHost: process.env.DOCKER_HOST })
  const ansible = openAnsible({ playbookDir: new URL('../../ansible', import.meta.url).pathname, env: process.env })
  const commands: string[] = []
  const opened = new Set<string>()
  const accounts = openAccounts({ engine: recording(engine, commands), ansible })
  async function guests(count: number): Promise<RunningGuest[]> {
    const started = await startGuests(engine, names, count)
    await Promise.all(started.map((guest) => accounts.survey(guest, { timeoutMs: 20_000, fresh: true })))
    return started
  }
  return {
    accounts,
    engine,
    commands,
    guests,
    guest: async () => first(await guests(1)),
    async open(targets, wanted) {
      const fresh = targets.every(({ id }) => !opened.has(id))
      for (const { id } of targets) opened.add(id)
      allDone(await accounts.open(targets, wanted, { fresh }))
    },
    async close() {
      await ansible.close()
      await removeGuests(engine)
      await engine.close()
    },
  }
}

/** Alice, with the password "test", unless wished otherwise. */
export async function account(wish: Partial<Account> & { password?: string } = {}): Promise<Account> {
  const { password = 'test', ...rest } = wish
  return {
    username: 'alice',
    passwordHash: await createHashing()(password),
    sshKeys: [],
    sudo: false,
    motd: 'Hello\n',
    ...rest,
  }
}

export function allDone(outcomes: Outcomes): void {
  for (const [name, error] of outcomes) assert.equal(error, null, `${name}: ${error?.message}`)
}

function first<T>([item]: readonly T[]): T {
  assert.ok(item)
  return item
}

/** The same engine, noting the commands that it is asked to run. */
function recording(engine: Engine, commands: string[]): Engine {
  const noted = new Map<string | symbol, unknown>([
    [
      'exec',
      (id: string, request: ExecRequest) => {
        commands.push(request.command.join(' '))
        return engine.exec(id, request)
      },
    ],
    [
      'runBash',
      (id: string, request: BashRequest) => {
        commands.push(execOf(request.program).command.join(' '))
        return engine.runBash(id, request)
      },
    ],
  ])
  return new Proxy(engine, {
    get: (target, key) => noted.get(key) ?? Reflect.get(target, key, target).bind(target),
  })
}
