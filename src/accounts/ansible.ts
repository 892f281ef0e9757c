/** Accounts made by Ansible: slower than `native.ts`, for those whose rules want every change to go through a playbook. */
import type { Accounts, Engine } from '../core/ports.ts'
import { surveyGuest } from './guest.ts'
import type { Ansible } from './playbook.ts'
import { preparing } from './prepare.ts'

const deadlineMs = 120_000

/** One run of create-users.yml for all containers of a reservation. */
export function ansibleAccounts({ engine, ansible }: { engine: Engine; ansible: Ansible }): Accounts {
  return {
    deadlineMs,
    survey: (target, timeoutMs) => surveyGuest(engine, target, timeoutMs),
    open: (targets, { username, passwordHash, sshKeys, sudo }) =>
      ansible.run({
        targets,
        playbook: 'create-users.yml',
        variables: { state: 'present', username, password_hash: passwordHash ?? '', ssh_keys: sshKeys, sudo },
        timeoutMs: deadlineMs,
      }),
    prepare: preparing(ansible),
  }
}
