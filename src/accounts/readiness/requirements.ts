/** Checks that an image has what accounts need, and waits for its sshd. */

/** Each program, and the packages that contain it: Debian and Ubuntu, Alpine, Fedora. */
const PROGRAMS = {
  useradd: 'passwd, shadow, shadow-utils',
  usermod: 'passwd, shadow, shadow-utils',
  userdel: 'passwd, shadow, shadow-utils',
  chpasswd: 'passwd, shadow, shadow-utils',
  su: 'util-linux, util-linux-login, util-linux',
  id: 'coreutils, coreutils, coreutils',
}

/** How often another port is checked for an sshd while port 22 does not answer. */
const ELSEWHERE_MS = 2_000

/** Functions of bash: `check_programs` costs no process. */
export const REQUIREMENTS = `
check_writable() {
  [[ -w $1 ]] || unfit "$1 cannot be written, so no account can be created: it must not be read-only"
}

check_programs() {
  local need file
  while read -r need packages; do
    has "$need" || unfit "the image has no $need, which Berth needs to create accounts: \\
install the package that has it (Debian, Alpine, Fedora: $packages)"
  done <<'NEEDS'
${Object.entries(PROGRAMS)
  .map(([program, packages]) => `${program} ${packages}`)
  .join('\n')}
NEEDS
  [[ -x /bin/bash ]] || unfit 'the image has no /bin/bash, the shell of every account: install the package bash'
  for file in /etc/passwd /etc/group /etc/shadow; do
    [[ -f $file ]] || unfit "the image has no $file, which Berth writes accounts into"
    check_writable "$file"
  done
  [[ -d /home || ! -e /home ]] || unfit '/home is not a directory, and accounts have their homes there'
  for file in /etc /home /var/lib; do
    [[ ! -d $file ]] || check_writable "$file"
  done
}

check_python() {
  [[ -x /usr/bin/python3 ]] || unfit 'the image has no /usr/bin/python3, which playbooks need (accounts: ansible): install the package python3'
}

# $1: port
speaks_ssh() {
  local banner
  { IFS= read -t 1 -r banner <&3 && [[ $banner == SSH-* ]]; } 3<>"/dev/tcp/127.0.0.1/$1"
} 2>/dev/null

# Prints the TCP ports that are listened on, except for Docker's name server (127.0.0.11).
listening() {
  local local state file
  for file in /proc/net/tcp /proc/net/tcp6; do
    [[ -r $file ]] || continue
    while read -r _ local _ state _; do
      [[ $state == 0A && $local != 0B00007F:* ]] && printf '%d\\n' "0x\${local##*:}"
    done <"$file"
  done
}

# Prints another port on which an sshd answers.
elsewhere() {
  local port
  for port in $(listening); do
    if (( port != 22 )) && speaks_ssh "$port"; then printf '%s' "$port"; return; fi
  done
}

now_ms() { if [[ \${EPOCHREALTIME:-} ]]; then printf %s "$(( \${EPOCHREALTIME//[.,]/} / 1000 ))"; else printf %s "$(( SECONDS * 1000 ))"; fi; }

# $1: maximum time to wait, in milliseconds
wait_for_sshd() {
  local begin now port next_check
  begin=$(now_ms)
  next_check=$(( begin + ${ELSEWHERE_MS} ))
  until speaks_ssh 22; do
    now=$(now_ms)
    if (( now > next_check )); then
      port=$(elsewhere)
      [[ ! $port ]] || unfit "sshd did not answer on port 22; it listens on port $port: set Port 22 in sshd_config"
      next_check=$(( now + ${ELSEWHERE_MS} ))
    fi
    if (( now > begin + $1 )); then no_sshd "$1"; fi
    rest
  done
}

# $1: how long no sshd has answered, in milliseconds
no_sshd() {
  local ports
  ports=$(listening | sort -un | tr '\\n' ' ')
  if [[ " $ports" == *' 22 '* ]]; then
    printf 'what listens on port 22 did not answer as sshd within %s ms\\n' "$1"
  elif [[ $ports ]]; then
    printf 'sshd did not answer on port 22 within %s ms; ports that are listened on: %s\\n' "$1" "\${ports% }"
  else
    printf "sshd did not answer on port 22 within %s ms; nothing listens on any port: the image's command must start sshd\\n" "$1"
  fi >&2
  exit 1
}
`
