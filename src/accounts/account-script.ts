/** The scripts of `native.ts`, in bash: what lets somebody in, and what is done for that before anybody has asked. */
import { PLACEHOLDER } from '../core/account.ts'
import { writeMotd } from './announcing.ts'
import { surveying } from './guest.ts'

/** By which those who wait know each other in a process list: $0 of the scripts that do. */
export const WAITING = 'berth-waits'

/** With a home of its own, which is nobody else's to look into. */
const USERADD = 'useradd -m -K UMASK=0077 -s /bin/bash'

/**
 * The same for every account: what varies comes on stdin, so that neither a shell nor a process list ever sees it.
 * Lines: user name, password hash (empty: none), supplementary group (empty: none); then the motd up to a NUL; then
 * authorized keys, a line each. The password comes last: until all the rest is done, nobody logs in with it.
 *
 * useradd and chpasswd take 50 ms. In a fresh container they have been here before (`prepare_placeholder`), and made the
 * account of a placeholder, as this distribution makes accounts; what is left to do is to write another name and the hash
 * into its files, with nothing but bash. Nobody else reads or writes them meanwhile: there is nobody in yet.
 */
const opening = `
set -euo pipefail
placeholder=${PLACEHOLDER}
waits=/run/${WAITING}
taken=/run/berth-taken
${writeMotd}

# The whole file, with a line feed before each of its lines.
slurp() {
  IFS= read -rd '' text <"$1" || true
  text=$'\\n'$text
}

# Whoever waits for another manager is gone before somebody is let in by this one.
leave_nobody_waiting() {
  local pid='' arguments=()
  : >"$taken"
  { read -r pid <"$waits"; } 2>/dev/null || return 0
  if [[ $pid == "$$" ]]; then return; fi
  { mapfile -d '' -t arguments <"/proc/$pid/cmdline"; } 2>/dev/null || return 0
  if [[ \${arguments[3]:-} == ${WAITING} ]]; then kill -9 "$pid" || true; fi
}

open_account() {
  local user hash groups motd keys home text now
  # Without a name there is nobody to let in.
  IFS= read -r user || exit 0
  IFS= read -r hash
  IFS= read -r groups
  IFS= read -rd '' motd
  mapfile -t keys
  leave_nobody_waiting
  home=/home/$user
  if can_rename; then
    rename_placeholder
    write_keys
    if [[ -f /etc/motd && ! -L /etc/motd ]]; then printf '%s' "$motd" >/etc/motd; else write_motd "$motd"; fi
    slurp /etc/shadow
    # Changed today, whenever it was made.
    printf -v now '%(%s)T' -1
    if [[ $text =~ $'\\n'"$placeholder:!:"[0-9]*: ]]; then
      text=\${text/"\${BASH_REMATCH[0]}"/$'\\n'"$user:\${hash:-*}:$((now / 86400)):"}
    fi
    printf '%s' "\${text:1}" >/etc/shadow
  else
    make_account
    write_keys
    write_motd "$motd"
    if [[ $hash ]]; then printf '%s:%s\\n' "$user" "$hash" | chpasswd -e; else usermod -p '*' -- "$user"; fi
  fi
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
    printf '%s' "\${text:1}" >"$file"
  done
  mv -- "/home/$placeholder" "$home"
}

make_account() {
  local uid
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
`

/** Lets somebody in who is there already. */
export const openNow = `${opening}
open_account
`

/**
 * Waits for somebody, says that it does, and at last that they are in. Two that meet here see each other: whoever waits has
 * written that before it looks whether the container is taken, and whoever takes it has written that before it looks
 * who waits.
 */
export const waitForSomebody = `${opening}
await_somebody() {
  printf '%s\\n' $$ >"$waits"
  if [[ -e $taken ]]; then exit 0; fi
  printf '\\0'
  open_account
  printf '\\0'
}
await_somebody
`

/**
 * For a container in which nobody has ever been: what a survey prints, then the same. sshd makes its host key meanwhile.
 * $1: for how many milliseconds sshd may keep it waiting. Whatever comes of the placeholder, it can be done without.
 */
export const surveyAndWait = `${surveying}
# Costs nothing, in a hundred containers at once; nothing comes on stdin yet, but its end.
rest() { read -rt 0.02 || (( $? > 128 )) || exit 1; }

prepare_placeholder() {
  local passwd
  IFS= read -rd '' passwd </etc/passwd
  if [[ $passwd != *$'\\n${PLACEHOLDER}:'* ]]; then ${USERADD} -- ${PLACEHOLDER}; fi
  if [[ ! -e /etc/motd ]]; then : >/etc/motd; fi
}
print_names
prepare_placeholder >/dev/null 2>&1
wait_for_sshd "$1"
print_facts
${waitForSomebody}
`
