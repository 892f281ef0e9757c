/** Bash programs that call the functions of `account.sh`. */
import type { Account } from '../../domain/account.ts'
import { forShell } from '../../domain/text/foreign-text.ts'

/** Creates or updates the account in a container that is about to be lent. `fresh`: fails if it has had a tenant. */
export function createAccountProgram(account: Account, fresh: boolean): string {
  return `${valuesOf(account)}\n${fresh ? 'refuse_used\n' : ''}create_account`
}

export function rehearseAccountProgram(account: Account): string {
  return `${valuesOf(account)}\nrehearse_account`
}

/** Run while sshd starts in a fresh container. */
export const PREPARE_PLACEHOLDER = 'refuse_used\nprepare_placeholder || true'

function valuesOf({ username, passwordHash, sudo, sshKeys, motd, session }: Account): string {
  const values = [
    `user=${forShell(username)}`,
    `hash=${forShell(passwordHash ?? '')}`,
    `sudo=${sudo ? 'yes' : ''}`,
    `motd=${forShell(motd)}`,
    `session=${forShell(session)}`,
    `keys=(${sshKeys.map(forShell).join(' ')})`,
  ]
  return values.join('\n')
}
