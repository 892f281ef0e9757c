/** Accounts made with the container's own useradd, over the engine's exec. */
import type { Account } from '../core/account.ts'
import { BerthError } from '../core/errors.ts'
import type { Accounts, Engine, Target } from '../core/ports.ts'
import { announce, writeMotd } from './announcing.ts'
import { surveyGuest } from './guest.ts'
import { eachTarget } from './outcomes.ts'
import type { Ansible } from './playbook.ts'
import { preparing } from './prepare.ts'

/** What takes a tenth of a second in a quiet container may take seconds in one whose host is busy. */
const deadlineMs = 20_000

/**
 * The same for every account: what varies comes on stdin, so that neither a shell nor a process list ever sees it.
 * Lines: user name, password hash (empty: none), supplementary groups (empty: none); then the motd up to a NUL; then
 * authorized keys, a line each. The password comes last: until all the rest is done, nobody logs in with it.
 */
const script = `
set -euo pipefail
${writeMotd}
IFS= read -r user
IFS= read -r hash
IFS= read -r groups
IFS= read -rd '' motd
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

write_motd "$motd"

if [[ $hash ]]; then
  printf '%s:%s\\n' "$user" "$hash" | chpasswd -e
else
  usermod -p '*' -- "$user"
fi
`

export function nativeAccounts({ engine, ansible }: { engine: Engine; ansible: Ansible }): Accounts {
  async function openOne(target: Target, account: Account): Promise<void> {
    const { username, passwordHash, sudo, sshKeys, motd } = account
    const lines = (texts: readonly string[]) => texts.map((text) => `${text}\n`).join('')
    const result = await engine.exec(target.id, {
      command: ['bash', '-c', script, 'account'],
      stdin: `${lines([username, passwordHash ?? '', sudo ? 'sudo' : ''])}${motd}\0${lines(sshKeys)}`,
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
    tell: (targets, announcement) => eachTarget(targets, (target) => announce(engine, target, announcement)),
    prepare: preparing(ansible),
  }
}
