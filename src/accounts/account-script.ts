/** The scripts of `native.ts`, in bash: what lets somebody in, and what is done for that before anybody has asked. */
import { type Account, PLACEHOLDER } from '../core/account.ts'
import { writeMotd } from './announcing.ts'

/** What listens in free containers, see `images/listen`, by its second word in a process list. */
const LISTENER = '/usr/local/sbin/berth-listen'

/** With a home of its own, which is nobody else's to look into. */
const USERADD = 'useradd -m -K UMASK=0077 -s /bin/bash'

/**
 * The same for every account, after what varies: user, hash (empty: none), groups (empty: none), motd, keys. The password
 * comes last: until all the rest is done, nobody logs in with it.
 */
const preparing = `
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
  # Then it is the listener who does this, as the last thing.
  if [[ $pid == "$$" ]]; then return; fi
  { mapfile -d '' -t arguments <"/proc/$pid/cmdline"; } 2>/dev/null || return 0
  if [[ \${arguments[1]:-} == ${LISTENER} ]]; then kill -9 "$pid" || true; fi
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
`

/**
 * useradd and chpasswd take 50 ms. In a fresh container they have been here before (`prepareAccount`), and made the
 * account of a placeholder, as this distribution makes accounts; what is left to do is to write another name and the hash
 * into its files, with nothing but bash. Nobody else reads or writes them meanwhile: there is nobody in yet. It ends the
 * script: bash reads no more of one than it comes to, and reading the rest would take longer than any step of this.
 */
const renaming = `
placeholder=${PLACEHOLDER}

# The whole file, with a line feed before each of its lines.
slurp() {
  local whole=()
  mapfile -d '' -t whole <"$1"
  text=$'\\n'\${whole[0]:-}
  size=\${#text}
}

# What was slurped, and has changed since. In place, unless it got shorter: ext4 takes a file that was emptied to the disk as
# soon as it is closed.
put() {
  if (( \${#text} < size )); then : >"$1"; fi
  printf '%s' "\${text:1}" 1<>"$1"
}

can_rename() {
  slurp /etc/shadow
  [[ $text == *$'\\n'"$placeholder:!:"* && $text != *$'\\n'"$user:"* && -d /home/$placeholder && ! -e $home ]] || return
  slurp /etc/passwd
  [[ $text != *$'\\n'"$user:"* ]] || return
  slurp /etc/group
  [[ $text != *$'\\n'"$user:"* && ( ! $groups || $text == *$'\\n'"$groups:"* ) ]]
}

rename_placeholder() {
  local file
  for file in /etc/passwd /etc/group /etc/gshadow /etc/subuid /etc/subgid; do
    if [[ ! -f $file ]]; then continue; fi
    slurp "$file"
    text=\${text/$'\\n'"$placeholder:"/$'\\n'"$user:"}
    text=\${text/":/home/$placeholder:"/":$home:"}
    if [[ $groups && $file == /etc/g* && $text =~ $'\\n'("$groups":[^:]*:[^:]*:)([^$'\\n']*) ]]; then
      text=\${text/"\${BASH_REMATCH[0]}"/$'\\n'"\${BASH_REMATCH[1]}\${BASH_REMATCH[2]:+\${BASH_REMATCH[2]},}$user"}
    fi
    put "$file"
  done
  mv -- "/home/$placeholder" "$home"
}

let_in() {
  local now
  slurp /etc/shadow
  # Changed today, whenever it was made.
  printf -v now '%(%s)T' -1
  if [[ $text =~ $'\\n'"$placeholder:!:"[0-9]*: ]]; then
    text=\${text/"\${BASH_REMATCH[0]}"/$'\\n'"$user:\${hash:-*}:$((now / 86400)):"}
  fi
  put /etc/shadow
}

if can_rename; then
  rename_placeholder
  write_keys
  if [[ -f /etc/motd && ! -L /etc/motd ]]; then
    slurp /etc/motd
    text=$'\\n'$motd
    put /etc/motd
  else
    write_motd "$motd"
  fi
  let_in
  exit
fi
`

const making = `
make_account() {
  local uid
  if uid=$(id -u -- "$user" 2>/dev/null); then
    if (( uid < 1000 || uid >= 60000 )); then echo "$user belongs to the system" >&2; exit 1; fi
    usermod -s /bin/bash -G "$groups" -- "$user"
  else
    ${USERADD} -G "$groups" -- "$user"
  fi
}
make_account
write_keys
write_motd "$motd"
if [[ $hash ]]; then printf '%s:%s\\n' "$user" "$hash" | chpasswd -e; else usermod -p '*' -- "$user"; fi
`

/** Makes the account, or brings it up to date. In a fresh container, see `prepareAccount`, without any other program. */
export function openAccount({ username, passwordHash, sudo, sshKeys, motd }: Account): string {
  const values = [
    `user=${quote(username)}`,
    `hash=${quote(passwordHash ?? '')}`,
    `groups=${sudo ? 'sudo' : ''}`,
    `motd=${quote(motd)}`,
    `keys=(${sshKeys.map(quote).join(' ')})`,
  ]
  return [...values, preparing, renaming, making].join('\n')
}

/**
 * Makes an account of which only the name is missing. Whatever comes of it, it can be done without. The file in /var/lib is
 * there for its folder: the first that a container changes in a folder of its image takes the engine's file system half a
 * millisecond, which is done before anybody waits for it (`leave_nobody_listening`).
 */
export const prepareAccount = `
prepare_placeholder() {
  local passwd
  IFS= read -rd '' passwd </etc/passwd
  if [[ $passwd != *$'\\n${PLACEHOLDER}:'* ]]; then ${USERADD} -- ${PLACEHOLDER}; fi
  : >/etc/motd
  : >/var/lib/berth-prepared
}
prepare_placeholder >/dev/null 2>&1
`

/** As one word of bash. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
