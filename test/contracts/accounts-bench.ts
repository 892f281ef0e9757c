import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { createHashing } from '../../src/accounts/hashing/hashing.ts'
import { type Ansible, openAnsible } from '../../src/accounts/ansible/playbook.ts'
import type { Account } from '../../src/domain/account.ts'
import type { Accounts, Outcomes, Target } from '../../src/ports/accounts.ts'
import type { Engine, ExecRequest } from '../../src/ports/engine.ts'
import { openDocker } from '../../src/engine/docker/engine.ts'
import { type RunningGuest, removeGuests, startGuests } from '../support/engine/guests.ts'
import { testInstance } from '../../lab/instance.ts'
import { mark } from '../../lab/database-mark.ts'

export type OpenAccounts = (parts: { engine: Engine; ansible: Ansible }) => Accounts

export interface Bench {
  readonly accounts: Accounts
  readonly engine: Engine
  /** Command lines of every exec in a container. */
  readonly commands: readonly string[]
  /** New containers whose sshd answers. */
  guests(count: number): Promise<RunningGuest[]>
  guest(): Promise<RunningGuest>
  /** Creates the account, and fails the test unless it is created in every target. */
  create(targets: readonly Target[], account: Account): Promise<void>
  /** Removes the guests, too. */
  close(): Promise<void>
}

/** The containers and ports that the suite of one implementation uses. */
export function openBench(name: string, openAccounts: OpenAccounts): Bench {
  const names = testInstance(`acc-${name}`)
  const engine = openDocker({
    database: mark(),
    instance: names.instance,
    reaches: ['all'],
    dockerHost: process.env.DOCKER_HOST,
  })
  const ansible = openAnsible({
    playbookDir: fileURLToPath(new URL('../../ansible', import.meta.url)),
    env: process.env,
    clock: Date.now,
    outputDir: null,
    connectionOf: (id) => engine.ansibleConnection(id),
  })
  const commands: string[] = []
  const used = new Set<string>()
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
    async create(targets, wanted) {
      const fresh = targets.every(({ id }) => !used.has(id))
      for (const { id } of targets) used.add(id)
      allDone(await accounts.createAccounts(targets, wanted, { fresh }))
    },
    async close() {
      await ansible.close()
      await removeGuests(engine)
      await engine.close()
    },
  }
}

/** Alice, with the password "test" by default. */
export async function account(wish: Partial<Account> & { password?: string } = {}): Promise<Account> {
  const { password = 'test', ...rest } = wish
  return {
    username: 'alice',
    passwordHash: await createHashing()(password),
    sshKeys: [],
    sudo: false,
    motd: 'Hello\n',
    session: '',
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

/** The same engine; records the commands of each exec. */
function recording(engine: Engine, commands: string[]): Engine {
  const exec = (id: string, request: ExecRequest) => {
    commands.push(request.command.join(' '))
    return engine.exec(id, request)
  }
  return new Proxy(engine, {
    get(target, key) {
      if (key === 'exec') return exec
      const member: unknown = Reflect.get(target, key, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}
