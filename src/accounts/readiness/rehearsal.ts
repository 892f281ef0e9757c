/**
 * Creates a temporary account as a reserve would, logs in with its password and with its key, becomes root, and
 * restores the container. It takes half a second, so it is done once for each image, not in each container.
 */
import { randomBytes } from 'node:crypto'
import { type Account, REHEARSAL_USER } from '../../domain/account.ts'
import { BerthError, codeOf, reasonOf } from '../../domain/errors.ts'
import type { BashResult } from '../../ports/guest.ts'
import type { Target } from '../../ports/accounts.ts'
import { hashSecret } from '../hashing/sha512-crypt.ts'
import { failureOf, type Shell } from '../shell.ts'
import { OWN_HOST_KEY } from './own-host-key.ts'
import { LOGIN } from './login.ts'
import { BASICS, refuseUnfit } from './unfit.ts'

const TIMEOUT_MS = 60_000

/** Files that a new account and its logins change. */
const FILES = [
  ...['passwd', 'group', 'shadow', 'gshadow', 'subuid', 'subgid', 'motd'].map((name) => `/etc/${name}`),
  ...['/var/log/lastlog', '/var/log/wtmp', '/var/log/btmp', '/var/log/faillog', '/run/utmp', '/var/run/utmp'],
  ...['/var/lib/lastlog/lastlog2.db', '/var/lib/wtmpdb/wtmp.db'],
]

/** Functions of bash. `undo_rehearsal` also cleans up after a manager that was killed during a rehearsal. */
export const UNDO = `
user=${REHEARSAL_USER}
dir=/var/lib/berth-rehearsal

undo_rehearsal() {
  local file
  if [[ ! -e $dir ]]; then return; fi
  sessions_over
  if [[ -e $dir/complete ]]; then
    for file in ${FILES.join(' ')}; do
      if [[ -e $dir/was$file ]]; then cat -- "$dir/was$file" >"$file"; else rm -f -- "$file"; fi
    done
  fi
  rm -rf -- "/home/$user" "/var/mail/$user" "/var/spool/mail/$user" "/etc/ssh/authorized_keys/$user" \\
    /var/lib/sudo/*/"$user" /run/sudo/ts/"$user" /var/db/sudo/*/"$user" "$dir"
}

# sshd writes the end of a session into wtmp after the client has gone.
sessions_over() {
  local file title try found
  for try in {1..100}; do
    found=''
    for file in /proc/[0-9]*/cmdline; do
      title=''
      { IFS= read -rd '' title <"$file"; } 2>/dev/null
      if [[ $title == sshd*"$user"* ]]; then found=yes; fi
    done
    if [[ ! $found ]]; then return; fi
    rest
  done
}
`

const BEGIN = `
begin_rehearsal() {
  local file
  undo_rehearsal
  mkdir -m 700 -- "$dir"
  for file in ${FILES.join(' ')}; do
    if [[ -f $file ]]; then mkdir -p -- "$dir/was\${file%/*}"; cp -p -- "$file" "$dir/was$file"; fi
  done
  : >"$dir/complete"
  if has ssh && has ssh-keygen && ssh-keygen -q -t ed25519 -N '' -C "$user" -f "$dir/key" </dev/null; then cat "$dir/key.pub"; fi
}
begin_rehearsal
`

/** Bash that reads `$password` and `$sudo`. If the image has no ssh client, it checks the settings of sshd instead. */
const TRY = `
try_account() {
  local key become='' why
  address=$(own_address)
  if [[ $sudo ]]; then if has sudo; then become='sudo -n id -u'; else become='doas -n id -u'; fi; fi
  if [[ -e $dir/key ]]; then
    read -r _ key _ <"$host_key.pub"
    printf '%s ssh-ed25519 %s\\n' "$address" "$key" >"$dir/known"
    ( umask 077; printf '%s\\n' "$password" >"$dir/secret"; printf '#!/bin/sh\\ncat %s/secret\\n' "$dir" >"$dir/ask"; chmod 700 "$dir/ask" )
    log_in password,keyboard-interactive -tt -o PubkeyAuthentication=no \\
      'if [ -t 0 ]; then echo berth-in terminal; else echo berth-in; fi' >"$dir/password.out" 2>"$dir/password.err" &
    log_in publickey "echo berth-in; $become" >"$dir/key.out" 2>"$dir/key.err"
    wait $!
    must_have_logged_in password 'a password' password
    must_have_logged_in key 'an SSH key' publickey
    [[ $(<"$dir/password.out") == *'berth-in terminal'* ]] ||
      unfit "a new account gets no terminal: $(says_or PermitTTY 'sshd has no terminals for it')"
  else
    for key in password publickey; do
      why=$(explain_refusal "$key")
      if [[ $why ]]; then unfit "a new account cannot log in: $why"; fi
    done
    if [[ $become ]]; then su -s /bin/bash -c "$become" "$user" >"$dir/key.out" 2>"$dir/key.err" </dev/null; fi
  fi
  if [[ $become && $'\\n'$(<"$dir/key.out")$'\\n' != *$'\\n0\\n'* ]]; then
    why=$(tail -n 1 "$dir/key.err")
    unfit "an account cannot become root without a password (sudo: true): \${why:-\${become%% *} said nothing}"
  fi
}
says_or() { local why; why=$(explain_refusal password); printf '%s' "\${why:-$2}"; }
trap undo_rehearsal EXIT
try_account
`

export interface Rehearsed {
  readonly shell: Shell
  readonly target: Target
  readonly sudo: boolean
  /** Creates the account as a reserve would; rejects with the reason if it cannot. */
  readonly make: (account: Account) => Promise<void>
}

/** Rehearses a reserve and a login. Throws `image_unfit` with the reason if either would fail. */
export async function rehearse({ shell, target, sudo, make }: Rehearsed): Promise<void> {
  const run = async (program: string): Promise<BashResult> => {
    const request = { program: `${BASICS}${UNDO}${program}`, agent: 'stays', timeoutMs: TIMEOUT_MS } as const
    const result = await shell.run(target.id, request)
    refuseUnfit(result)
    return result
  }
  const begun = await run(BEGIN)
  const sshKeys = begun.output.split('\n').filter((line) => line.startsWith('ssh-ed25519 '))
  const password = randomBytes(18).toString('base64url')
  const passwordHash = hashSecret({ password, random: true })
  try {
    await make({ username: REHEARSAL_USER, passwordHash, sshKeys, sudo, motd: '', session: '' })
  } catch (error) {
    await run('undo_rehearsal')
    if (codeOf(error) !== 'guest_failed') throw error
    throw new BerthError('image_unfit', `no account can be created: ${reasonOf(error)}`, { cause: error })
  }
  const tried = await run(`${OWN_HOST_KEY}${LOGIN}password='${password}'\nsudo=${sudo ? 'yes' : ''}\n${TRY}`)
  if (tried.code !== 0) throw new BerthError('guest_failed', `a login could not be tried: ${failureOf(tried)}`)
}
