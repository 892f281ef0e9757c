/** The scripts of `native.ts`, in bash: what lets somebody in, and what is done for that before anybody has asked. */
import { type Account, PLACEHOLDER } from '../core/account.ts'
import { writeMotd } from './announcing.ts'

/** What listens in free containers, see `images/listen`, by its second word in a process list. */
const LISTENER = '/usr/local/sbin/berth-listen'

/** There is an account of the placeholder's. */
const PREPARED = '/var/lib/berth-prepared'

/** With a home of its own, which is nobody else's to look into. */
const USERADD = 'useradd -m -K UMASK=0077 -s /bin/bash'

/**
 * The same for every account, after what varies: user, hash (empty: none), groups (empty: none), motd, keys. The password
 * comes last: until all the rest is done, nobody logs in with it.
 */
const opening = `
set -euo pipefail
LC_ALL=C
home=/home/$user
${writeMotd}

# Whoever listens is gone before somebody is let in, and does not come back. Two that meet here see each other: it has
# written its number before it looks whether the container is taken, and this is written before that is read.
leave_nobody_listening() {
  local pid='' arguments=()
  : >/var/lib/berth-taken
  { read -r pid </run/berth-listens; } 2>/dev/null || return 0
  # Then it is the listener who runs this, as the last thing.
  if [[ $pid == "\${BERTH_LISTENER:-}" ]]; then return; fi
  { mapfile -d '' -t arguments <"/proc/$pid/cmdline"; } 2>/dev/null || return 0
  # With whatever it is running.
  if [[ \${arguments[1]:-} == ${LISTENER} ]]; then kill -9 -- "-$pid" || true; fi
}

make_account() {
  local uid
  if [[ -e ${PREPARED} ]]; then userdel -r -- ${PLACEHOLDER} >/dev/null 2>&1 && rm -f ${PREPARED}; fi
  if uid=$(id -u -- "$user" 2>/dev/null); then
    if (( uid < 1000 || uid >= 60000 )); then echo "$user belongs to the system" >&2; exit 1; fi
    usermod -s /bin/bash -G "$groups" -- "$user"
  else
    ${USERADD} -G "$groups" -- "$user"
  fi
}

write_keys() {
  if (( \${#keys[@]} )); then
    if [[ -L $home/.ssh ]]; then echo "$home/.ssh is a symbolic link" >&2; exit 1; fi
    mkdir -p -m 700 -- "$home/.ssh"
    rm -f -- "$home/.ssh/authorized_keys"
    ( umask 077; printf '%s\\n' "\${keys[@]}" >"$home/.ssh/authorized_keys" )
    chown -R -- "$user:" "$home/.ssh"
  elif [[ -e $home/.ssh/authorized_keys || -L $home/.ssh/authorized_keys ]]; then
    rm -f -- "$home/.ssh/authorized_keys"
  fi
}

leave_nobody_listening
make_account
write_keys
write_motd "$motd"
if [[ $hash ]]; then printf '%s:%s\\n' "$user" "$hash" | chpasswd -e; else usermod -p '*' -- "$user"; fi
`

/** Makes the account, or brings it up to date, with what the distribution has for that. */
export function openAccount({ username, passwordHash, sudo, sshKeys, motd }: Account): string {
  const values = [
    `user=${quote(username)}`,
    `hash=${quote(passwordHash ?? '')}`,
    `groups=${sudo ? 'sudo' : ''}`,
    `motd=${quote(motd)}`,
    `keys=(${sshKeys.map(quote).join(' ')})`,
  ]
  return `${values.join('\n')}\n${opening}`
}

/**
 * Makes an account of which only the name is missing, for whoever listens (`open_account` in `images/listen`). Whatever comes
 * of it, it can be done without. The first that a container changes in a folder of its image takes the engine's file system
 * half a millisecond: in /var/lib that is done here, before anybody waits for it.
 */
export const prepareAccount = `
prepare_placeholder() {
  if [[ ! \${BERTH_LISTENER:-} || -e ${PREPARED} ]]; then return; fi
  ${USERADD} -- ${PLACEHOLDER}
  : >/etc/motd
  : >${PREPARED}
}
prepare_placeholder >/dev/null 2>&1
`

/** As one word of bash. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
