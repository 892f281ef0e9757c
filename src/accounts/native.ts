/** Accounts made with the container's own tools, over the engine's exec; in a fresh container by a shell that waits for that. */
import type { Account } from '../core/account.ts'
import { BerthError, hasCode, reasonOf } from '../core/errors.ts'
import type { Accounts, Engine, ExecResult, Guest, Target } from '../core/ports.ts'
import { openNow, surveyAndWait, WAITING } from './account-script.ts'
import { announce } from './announcing.ts'
import { graceMs, parseSurvey, surveyFailed, surveyGuest } from './guest.ts'
import { eachTarget } from './outcomes.ts'
import type { Ansible } from './playbook.ts'
import { preparing } from './prepare.ts'
import { openWaiting } from './waiting.ts'

/** What takes a tenth of a second in a quiet container may take seconds in one whose host is busy. */
const deadlineMs = 20_000

export function nativeAccounts({ engine, ansible }: { engine: Engine; ansible: Ansible }): Accounts {
  const waiting = openWaiting(engine)

  async function surveyFresh({ id }: Target, timeoutMs: number): Promise<Guest> {
    try {
      const command = ['bash', '-c', surveyAndWait, WAITING, String(timeoutMs)]
      const shell = await engine.execAhead(id, { command, timeoutMs: timeoutMs + graceMs })
      waiting.put(id, shell)
      return parseSurvey(shell.said)
    } catch (error) {
      throw hasCode(error, 'guest_failed') ? surveyFailed(reasonOf(error), timeoutMs) : error
    }
  }

  /** By the shell that waits there; without one, or when that cannot, by one of its own. */
  async function run({ id }: Target, stdin: string): Promise<ExecResult> {
    const shell = await waiting.take(id)
    const result = await shell?.answer(stdin, deadlineMs)
    if (result?.code === 0) return result
    return engine.exec(id, { command: ['bash', '-c', openNow, 'account'], stdin, timeoutMs: deadlineMs })
  }

  async function openOne(target: Target, account: Account): Promise<void> {
    const { username, passwordHash, sudo, sshKeys, motd } = account
    const lines = (texts: readonly string[]) => texts.map((text) => `${text}\n`).join('')
    const result = await run(
      target,
      `${lines([username, passwordHash ?? '', sudo ? 'sudo' : ''])}${motd}\0${lines(sshKeys)}`,
    )
    if (result.code !== 0) {
      const reason = result.stderr.trim().split('\n').at(-1) || `exit code ${result.code}`
      throw new BerthError('guest_failed', `no account for ${username}: ${reason}`)
    }
  }

  return {
    deadlineMs,
    survey: (target, { timeoutMs, fresh }) =>
      fresh ? surveyFresh(target, timeoutMs) : surveyGuest(engine, target, timeoutMs),
    expect: (free) => waiting.expect(free),
    open: (targets, account) => eachTarget(targets, (target) => openOne(target, account)),
    tell: (targets, announcement) => eachTarget(targets, (target) => announce(engine, target, announcement)),
    prepare: preparing(ansible),
  }
}
