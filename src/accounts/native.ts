/** Accounts made with the container's own useradd, over the engine's exec. */
import type { Account } from '../core/account.ts'
import { BerthError } from '../core/errors.ts'
import type { Accounts, Engine, Target } from '../core/ports.ts'
import { surveyGuest } from './guest.ts'
import { eachTarget } from './outcomes.ts'
import type { Ansible } from './playbook.ts'
import { preparing } from './prepare.ts'

/** What takes a tenth of a second in a quiet container may take seconds in one whose host is busy. */
const deadlineMs = 20_000

/**
 * The same for every account: what varies comes on stdin, so that neither a shell nor a process list ever sees it.
 * Lines: user name, password hash (empty: none), supplementary groups (empty: none), then authorized keys.
 * The password comes last: until all the rest is done, nobody logs in with it.
 */
const script = `
set -euo pipefail
IFS= read -r user
IFS= read -r hash
IFS= read -r groups
mapfile -t keys

if uid=$(id -u -- "$user" 2>/dev/null); then
  if (( uid < 1000 || uid >= 60000 )); then echo "$user belongs to the system" >&2; exit 1; fi
  usermod -s /bin/bash -G "$groups" -- "$user"
else
  useradd -m -K UMASK=0077 -s /bin/bash -G "$groups" -- "$user"
fi

home=/home/$user
if (( \${#keys[@]} )); then
  if [[ -L $home/.ssh ]]; then echo "$home/.ssh is a symbolic link" >&2; exit 1; fi
  mkdir -p -m 700 -- "$home/.ssh"
  rm -f -- "$home/.ssh/authorized_keys"
  ( umask 077; printf '%s\\n' "\${keys[@]}" >"$home/.ssh/authorized_keys" )
  chown -R -- "$user:" "$home/.ssh"
else
  rm -f -- "$home/.ssh/authorized_keys"
fi

if [[ $hash ]]; then
  printf '%s:%s\\n' "$user" "$hash" | chpasswd -e
else
  usermod -p '*' -- "$user"
fi
`

export function nativeAccounts({ engine, ansible }: { engine: Engine; ansible: Ansible }): Accounts {
  async function openOne(target: Target, account: Account): Promise<void> {
    const { username, passwordHash, sudo, sshKeys } = account
    const result = await engine.exec(target.id, {
      command: ['bash', '-c', script, 'account'],
      stdin: [username, passwordHash ?? '', sudo ? 'sudo' : '', ...sshKeys].map((line) => `${line}\n`).join(''),
      timeoutMs: deadlineMs,
    })
    if (result.code !== 0) {
      const reason = result.stderr.trim().split('\n').at(-1) || `exit code ${result.code}`
      throw new BerthError('guest_failed', `no account for ${username}: ${reason}`)
    }
  }

  return {
    deadlineMs,
    survey: (target, timeoutMs) => surveyGuest(engine, target, timeoutMs),
    open: (targets, account) => eachTarget(targets, (target) => openOne(target, account)),
    prepare: preparing(ansible),
  }
}
