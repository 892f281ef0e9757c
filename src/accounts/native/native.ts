/** Accounts created with the container's own tools. */
import type { Account } from '../../domain/account.ts'
import { BerthError } from '../../domain/errors.ts'
import type { Accounts, Target } from '../../ports/accounts.ts'
import type { Engine } from '../../ports/engine.ts'
import type { Ansible } from '../ansible/playbook.ts'
import { perTarget } from '../per-target.ts'
import { Rehearsals } from '../readiness/rehearsals.ts'
import { sharedVerbs } from '../shared-verbs.ts'
import { failureOf, Shell, type ShellRequest } from '../shell.ts'
import { surveyGuest } from '../survey.ts'
import { createAccountProgram, PREPARE_PLACEHOLDER, rehearseAccountProgram } from './script.ts'

/** A tenth of a second in a quiet container; seconds if its host is busy. */
const DEADLINE_MS = 20_000

export function nativeAccounts({ engine, ansible }: { engine: Engine; ansible: Ansible }): Accounts {
  const shell = new Shell(engine)

  async function run({ id }: Target, account: Account, request: Omit<ShellRequest, 'timeoutMs'>): Promise<void> {
    const result = await shell.run(id, { ...request, timeoutMs: DEADLINE_MS })
    if (result.code === 0) return
    throw new BerthError('guest_failed', `no account for ${account.username}: ${failureOf(result)}`)
  }

  const rehearsals = new Rehearsals(shell, (target, account) =>
    run(target, account, { program: rehearseAccountProgram(account), agent: 'stays' }),
  )

  return {
    deadlineMs: DEADLINE_MS,
    async survey(target, how) {
      const guest = await surveyGuest(shell, target, { ...how, meanwhile: PREPARE_PLACEHOLDER })
      if (how.purpose) await rehearsals.pass(target, how.purpose)
      return guest
    },
    createAccounts: (targets, account, { fresh }) =>
      perTarget(targets, (target) =>
        run(target, account, {
          program: createAccountProgram(account, fresh),
          ...(fresh && { agent: 'exits' as const }),
        }),
      ),
    ...sharedVerbs(shell, ansible),
  }
}
