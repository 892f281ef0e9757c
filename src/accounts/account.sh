# shellcheck shell=bash
# shellcheck disable=SC2154 # the variables below are set by the caller
# Functions of bash that create, change and delete accounts inside a container. Berth runs them through the container's
# agent or with an exec (shell.ts), and ansible/create-users.yml runs the same file, so accounts are described once.
#
# The functions for accounts read these variables:
#   user   name of the account
#   hash   SHA-512 crypt of the password; empty: logins with a key only
#   sudo   not empty: the account may become root
#   keys   array of lines for authorized_keys
#   motd   text for /etc/motd; empty: the file stays as it is
#   session  text for the file that the session commands read; empty: the file stays as it is

LC_ALL=C
# An image may set a PATH of its own. Its own useradd, if it has one, still comes first.
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# The user "_": an account without a password that a reserve renames (PLACEHOLDER in src/domain/account.ts).
placeholder_mark=/var/lib/berth-prepared
taken_mark=/var/lib/berth-taken
# Read by images/session-commands.
session_file=/var/lib/berth-session

# Creates or updates the account in a container that is about to be lent. The agent ends before the tenant has access.
create_account() {
  set -euo pipefail
  end_agent
  local -A text=()
  local groups='' uid='' gid=''
  choose_groups
  if can_rename_placeholder; then
    rename_placeholder
  else
    remove_placeholder
    write_account
  fi
}

# The same with the distribution's own tools, in a container that is not lent yet: the agent and the placeholder stay.
rehearse_account() {
  set -euo pipefail
  local groups=''
  choose_groups
  write_account
}

delete_account() {
  set -euo pipefail
  assert_not_system_user
  # From here on no login succeeds.
  usermod -e 1 -- "$user"
  # Run as the user, -1 is every process of that user and no other.
  su -s /bin/sh -c 'kill -KILL -1' "$user" || true
  # -f: userdel still counts processes that were killed and not reaped yet.
  userdel -rf -- "$user"
}

# Fails if the container has had a tenant. Root can remove the mark, so only the engine's ledger proves that it was
# never lent. The agent checks the mark itself; this is for images without one.
refuse_used() {
  if [[ ! ${BERTH_AGENT:-} && -e $taken_mark ]]; then
    echo 'a tenant has been in this container before' >&2
    exit 1
  fi
}

# Creates the placeholder in a fresh container that has an agent. Renaming it takes a few milliseconds on reserve;
# useradd and chpasswd take 50. It also makes the first change in /var/lib, which costs the engine's file system half a
# millisecond, before anyone waits for it. create_account does without if this fails.
prepare_placeholder() {
  if [[ ! ${BERTH_AGENT:-} || -e $placeholder_mark ]]; then return; fi
  add_user -- _
  : >/etc/motd
  : >"$placeholder_mark"
} >/dev/null 2>&1

# Sets root_group to the group whose members may become root: sudo (Debian, Alpine), wheel (Fedora), or nothing. It is
# part of creating an account, so it starts no process.
find_root_group() {
  local name
  root_group=''
  while IFS=: read -r name _; do
    case $name in sudo) root_group=sudo; return ;; wheel) root_group=wheel ;; esac
  done </etc/group
}

choose_groups() {
  if [[ $sudo ]]; then
    find_root_group
    groups=$root_group
  fi
}

# Ends the agent with whatever it runs, for good. An agent that starts at the same time sees the mark: it writes its
# process id before it looks for the mark, and this writes the mark before it reads the id.
end_agent() {
  local pid='' arguments=()
  : >"$taken_mark"
  { read -r pid </run/berth-listens; } 2>/dev/null || return 0
  # The agent itself runs this, as the last thing it does.
  if [[ $pid == "${BERTH_AGENT:-}" ]]; then return; fi
  { mapfile -d '' -t arguments <"/proc/$pid/cmdline"; } 2>/dev/null || return 0
  if [[ ${arguments[1]:-} == /usr/local/sbin/berth-listen ]]; then kill -9 -- "-$pid" || true; fi
}

remove_placeholder() {
  if [[ -e $placeholder_mark ]] && userdel -r -- _ >/dev/null 2>&1; then rm -f "$placeholder_mark"; fi
}

# Whether all is as prepare_placeholder left it. Reads the account files into `text`, each with a line feed before it,
# and sets uid and gid. Changes nothing.
can_rename_placeholder() {
  local name file content nl=$'\n' home=/home/$user
  [[ -e $placeholder_mark && -d /home/_ && ! -L /home/_ && ! -e /home/_/.ssh && ! -L /home/_/.ssh ]] || return 1
  [[ ! -e $home && ! -L $home && -f /etc/motd && ! -L /etc/motd ]] || return 1
  for name in passwd group shadow gshadow subuid subgid; do
    file=/etc/$name
    [[ -f $file ]] || continue
    IFS= read -rd '' content <"$file" || true
    text[$name]=$nl$content
  done
  [[ ${text[passwd]}${text[group]} != *"$nl$user:"* ]] || return 1
  [[ ! $groups || ${text[group]} == *"$nl$groups:"* ]] || return 1
  [[ ${text[shadow]} == *"${nl}_:!:"* ]] || return 1
  [[ ${text[passwd]} =~ ${nl}_:x:([0-9]+):([0-9]+):[^:$nl]*:/home/_: ]] || return 1
  uid=${BASH_REMATCH[1]} gid=${BASH_REMATCH[2]}
}

# Writes another name and the hash into the account files. No other process reads or writes them: there is no tenant
# yet. The password comes last: until everything else is done, no login succeeds.
rename_placeholder() {
  local name match now nl=$'\n'
  printf -v now '%(%s)T' -1
  for name in "${!text[@]}"; do text[$name]=${text[$name]/"${nl}_:"/"$nl$user:"}; done
  text[passwd]=${text[passwd]/":/home/_:"/":/home/$user:"}
  [[ ${text[shadow]} =~ $nl$user:!:[0-9]*: ]]
  text[shadow]=${text[shadow]/"${BASH_REMATCH[0]}"/"$nl$user:${hash:-*}:$((now / 86400)):"}
  if [[ $groups ]]; then
    for name in group gshadow; do
      [[ ${text[$name]:-} =~ $nl$groups:[^:$nl]*:[^:$nl]*:[^$nl]* ]] || continue
      match=${BASH_REMATCH[0]}
      if [[ $match != *: ]]; then match+=,; fi
      text[$name]=${text[$name]/"${BASH_REMATCH[0]}"/"$match$user"}
    done
  fi

  mv -- /home/_ "/home/$user"
  if ((${#keys[@]})); then
    (umask 077 && mkdir "/home/$user/.ssh" && printf '%s\n' "${keys[@]}" >"/home/$user/.ssh/authorized_keys")
    chown -R "$uid:$gid" "/home/$user/.ssh"
  fi
  if [[ -s /etc/motd ]]; then : >/etc/motd; fi
  overwrite /etc/motd "$motd"
  if [[ $session ]]; then printf '%s' "$session" >"$session_file"; fi
  for name in "${!text[@]}"; do
    if [[ $name != shadow ]]; then overwrite "/etc/$name" "${text[$name]#"$nl"}"; fi
  done
  overwrite /etc/shadow "${text[shadow]#"$nl"}"
}

# $1: file, $2: text, not shorter than the file. In place: ext4 writes a file that was truncated to the disk when it is
# closed.
overwrite() { printf '%s' "$2" 1<>"$1"; }

write_account() {
  local existed='' uid
  if uid=$(id -u -- "$user" 2>/dev/null); then
    existed=yes
    assert_not_system_user
    usermod -s /bin/bash -G "$groups" -- "$user"
  else
    add_user -G "$groups" -- "$user"
  fi
  write_keys
  if [[ $motd ]]; then replace_file /etc/motd "$motd"; fi
  if [[ $session ]]; then replace_file "$session_file" "$session"; fi
  # Last: until everything else is done, no login succeeds.
  if [[ $hash ]]; then printf '%s:%s\n' "$user" "$hash" | chpasswd -e; else usermod -p '*' -- "$user"; fi
}

assert_not_system_user() {
  local uid
  uid=$(id -u -- "$user")
  if ((uid < 1000 || uid >= 60000)); then
    echo "$user belongs to the system" >&2
    exit 1
  fi
}

# useradd, with a home that no other user may enter, and with the id that the container was made for (accountUid in
# src/engine/docker/container/spec.ts), unless a user of the image has that id.
add_user() {
  local -a id=()
  if [[ ${BERTH_UID:-} && ! $(getent passwd "$BERTH_UID") ]]; then id=(-u "$BERTH_UID"); fi
  useradd -m -K UMASK=0077 -s /bin/bash "${id[@]}" "$@"
}

# As the user: a tenant may have been in, and may have put links where root would write.
write_keys() {
  if ((${#keys[@]})); then
    printf '%s\n' "${keys[@]}" | su -s /bin/sh -c \
      'cd && umask 077 && mkdir -p .ssh && rm -f .ssh/authorized_keys && cat >.ssh/authorized_keys' "$user"
  elif [[ $existed ]]; then
    su -s /bin/sh -c 'cd && rm -f .ssh/authorized_keys' "$user"
  fi
}

# $1: file, $2: text. A tenant may be root and may have put anything in place of the file: what is not a regular file is
# moved aside unopened, and a whole new file takes its place.
replace_file() {
  local new
  if [[ -L $1 || (-e $1 && ! -f $1) ]]; then
    mv -- "$1" "$(mktemp -d "$1.XXXXXX")" || return
  fi
  new=$(mktemp "$1.XXXXXX") || return
  printf '%s' "$2" >"$new" && chmod 644 "$new" && mv -f -- "$new" "$1" && return
  rm -f -- "$new"
  return 1
}
