/**
 * Accounts created by Ansible: slower than `native.ts`, for sites whose rules require that every change goes through a
 * playbook.
 */
import type { Account } from '../../domain/account.ts'
import type { Accounts, Outcomes, Target } from '../../ports/accounts.ts'
import type { Engine } from '../../ports/engine.ts'
import { Rehearsals } from '../readiness/rehearsals.ts'
import { sharedVerbs } from '../shared-verbs.ts'
import { Shell } from '../shell.ts'
import { surveyGuest } from '../survey.ts'
import type { Ansible } from './playbook.ts'

const DEADLINE_MS = 120_000

export function ansibleAccounts({ engine, ansible }: { engine: Engine; ansible: Ansible }): Accounts {
  const shell = new Shell(engine)

  /** Runs create-users.yml once for all containers of a reservation. */
  function run(targets: readonly Target[], account: Account, rehearsal: boolean): Promise<Outcomes> {
    const { passwordHash, sshKeys, ...rest } = account
    const variables = { ...rest, state: 'present', password_hash: passwordHash ?? '', ssh_keys: sshKeys, rehearsal }
    return ansible.run({ targets, playbook: 'create-users.yml', variables, timeoutMs: DEADLINE_MS })
  }

  const rehearsals = new Rehearsals(shell, async (target, account) => {
    const error = (await run([target], account, true)).get(target.name)
    if (error) throw error
  })

  return {
    deadlineMs: DEADLINE_MS,
    async survey(target, how) {
      const guest = await surveyGuest(shell, target, { ...how, python: true })
      if (how.purpose) await rehearsals.pass(target, how.purpose)
      return guest
    },
    createAccounts: (targets, account) => run(targets, account, false),
    ...sharedVerbs(shell, ansible),
  }
}
