/** Accounts made by Ansible: slower than `native.ts`, for those whose rules want every change to go through a playbook. */
import type { Account } from '../core/account.ts'
import type { Accounts, Engine, Outcomes, Target } from '../core/ports.ts'
import { announce, announcingMs } from './announcing.ts'
import { surveyGuest } from './guest.ts'
import type { Ansible } from './playbook.ts'
import { eachTarget } from './outcomes.ts'
import { preparing } from './prepare.ts'

const deadlineMs = 120_000

export function ansibleAccounts({ engine, ansible }: { engine: Engine; ansible: Ansible }): Accounts {
  /** One run of create-users.yml for all containers of a reservation; what is said in them is no playbook's business. */
  async function open(targets: readonly Target[], account: Account): Promise<Outcomes> {
    const { username, passwordHash, sshKeys, sudo, motd } = account
    const made = await ansible.run({
      targets,
      playbook: 'create-users.yml',
      variables: { state: 'present', username, password_hash: passwordHash ?? '', ssh_keys: sshKeys, sudo },
      timeoutMs: deadlineMs,
    })
    const good = targets.filter(({ name }) => made.get(name) === null)
    const greeted = await eachTarget(good, (target) => announce(engine, target, { username: '', motd, line: '' }))
    return new Map([...made, ...greeted])
  }

  return {
    deadlineMs: deadlineMs + announcingMs,
    survey: (target, { timeoutMs }) => surveyGuest(engine, target, timeoutMs),
    open,
    tell: (targets, announcement) => eachTarget(targets, (target) => announce(engine, target, announcement)),
    prepare: preparing(ansible),
  }
}
