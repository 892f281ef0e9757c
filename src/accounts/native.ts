/** Accounts made with the container's own tools. */
import type { Account } from '../core/account.ts'
import { BerthError } from '../core/errors.ts'
import type { Accounts, Engine, Target } from '../core/ports.ts'
import { openAccount, prepareAccount } from './account-script.ts'
import { announce } from './announcing.ts'
import { lastLine, surveyFree, surveyGuest } from './guest.ts'
import { eachTarget } from './outcomes.ts'
import type { Ansible } from './playbook.ts'
import { preparing } from './prepare.ts'

/** What takes a tenth of a second in a quiet container may take seconds in one whose host is busy. */
const deadlineMs = 20_000

export function nativeAccounts({ engine, ansible }: { engine: Engine; ansible: Ansible }): Accounts {
  async function openOne({ id }: Target, account: Account, fresh: boolean): Promise<void> {
    const free = fresh ? ({ free: 'ends', account } as const) : {}
    const { code, output } = await engine.runBash(id, {
      program: openAccount(account),
      ...free,
      timeoutMs: deadlineMs,
    })
    if (code === 0) return
    throw new BerthError(
      'guest_failed',
      `no account for ${account.username}: ${lastLine(output) || `exit code ${code}`}`,
    )
  }

  return {
    deadlineMs,
    survey: (target, { timeoutMs, fresh }) =>
      fresh
        ? surveyFree(engine, target, { meanwhile: prepareAccount, timeoutMs })
        : surveyGuest(engine, target, timeoutMs),
    open: (targets, account, { fresh }) => eachTarget(targets, (target) => openOne(target, account, fresh)),
    tell: (targets, announcement) => eachTarget(targets, (target) => announce(engine, target, announcement)),
    prepare: preparing(ansible),
  }
}
