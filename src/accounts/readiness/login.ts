/** Bash that logs in as a new account would, or explains why it cannot. */

/** Functions of bash for `rehearsal.ts`; `$user`, `$dir` and `$address` are set. */
export const LOGIN = `
# Prints the container's own address, to which the published port leads: sshd may listen on the loopback only.
own_address() {
  local address name
  while read -r address name _; do
    if [[ $name == "$HOSTNAME" ]]; then printf '%s' "$address"; return; fi
  done </etc/hosts
  printf 127.0.0.1
}

limited() { if has timeout; then timeout 15 "$@"; else "$@"; fi; }

# $1: methods; then further arguments, the last of which is the command
log_in() {
  local methods=$1; shift
  DISPLAY=none SSH_ASKPASS=$dir/ask SSH_ASKPASS_REQUIRE=force limited ssh -F /dev/null -p 22 -l "$user" \\
    -o HostKeyAlgorithms=ssh-ed25519 -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$dir/known" \\
    -o GlobalKnownHostsFile=/dev/null -o PreferredAuthentications="$methods" -o IdentitiesOnly=yes \\
    -o IdentityFile="$dir/key" -o NumberOfPasswordPrompts=1 -o ConnectTimeout=5 -o LogLevel=ERROR \\
    "\${@:1:$#-1}" "$address" "\${@: -1}" </dev/null
}

# $1: name of the files with its output; $2: what it logs in with, for people; $3: method, as sshd calls it
must_have_logged_in() {
  local said why
  if [[ $(<"$dir/$1.out") == *berth-in* ]]; then return; fi
  said=$(tail -n 1 "$dir/$1.err")
  why=$(explain_refusal "$3")
  if [[ ! $why && $(<"$dir/$1.err") == *'ost key'* ]]; then
    why="sshd offers another host key than $host_key: take HostKey out of sshd_config, or name that file there"
  fi
  if [[ $said == *'Connection refused'* ]]; then
    why="sshd does not listen on the container's own address: take ListenAddress out of sshd_config"
  fi
  why=\${why:-\${said:+ssh said: $said}}
  why=\${why:-ssh printed no error, and the login did not run the given command}
  unfit "a new account cannot log in with $2: $why"
}

# Whether a name (user or group) matches any of the patterns, as sshd matches them, without the part after @.
matches() {
  local name=$1 pattern; shift
  for pattern; do [[ $name == \${pattern%%@*} ]] && return 0; done
  return 1
}

# $1: password or publickey. Prints what prevents logins of a new account, or nothing.
explain_refusal() {
  local file key value group groups in=''
  declare -A set=()
  for file in /etc/nologin /run/nologin /var/run/nologin; do
    if [[ -e $file ]]; then
      printf '%s prevents all logins but those of root: remove it from the image' "$file"
      return
    fi
  done
  while read -r key value; do set[$key]+="\${set[$key]:+ }$value"; done < <(effective_settings)
  groups=$(id -Gn -- "$user" 2>/dev/null)
  set -f
  if [[ \${set[denyusers]:-} ]] && matches "$user" \${set[denyusers]}; then says DenyUsers; return; fi
  if [[ \${set[allowusers]:-} ]] && ! matches "$user" \${set[allowusers]}; then says AllowUsers; return; fi
  for group in $groups; do
    if [[ \${set[denygroups]:-} ]] && matches "$group" \${set[denygroups]}; then says DenyGroups; return; fi
    if [[ \${set[allowgroups]:-} ]] && matches "$group" \${set[allowgroups]}; then in=yes; fi
  done
  if [[ \${set[allowgroups]:-} && ! $in ]]; then says AllowGroups; return; fi
  value=" \${set[authenticationmethods]:-any} "
  if [[ $value != ' any ' && $value != *" $1 "* ]]; then says AuthenticationMethods; return; fi
  if [[ $1 == password && \${set[passwordauthentication]:-} == no ]]; then
    if [[ \${set[kbdinteractiveauthentication]:-\${set[challengeresponseauthentication]:-no}} != yes ||
      \${set[usepam]:-no} != yes ]]; then
      printf 'sshd_config has PasswordAuthentication no, and every GET /reserve has a password: set it to yes'; return
    fi
  fi
  if [[ $1 == publickey && \${set[pubkeyauthentication]:-} == no ]]; then
    printf 'sshd_config has PubkeyAuthentication no: set it to yes'; return
  fi
  if [[ $1 == publickey && \${set[authorizedkeysfile]:-.ssh/authorized_keys} != *.ssh/authorized_keys* ]]; then
    says AuthorizedKeysFile; return
  fi
  if [[ \${set[forcecommand]:-none} != none ]]; then says ForceCommand; return; fi
  if [[ \${set[permittty]:-yes} != yes ]]; then says PermitTTY; return; fi
  if [[ \${set[usepam]:-no} == yes ]]; then
    if grep -qsE '^[^#]*pam_shells' /etc/pam.d/{sshd,login,common-auth,system-auth} && ! grep -qsx /bin/bash /etc/shells; then
      printf '/bin/bash is not in /etc/shells, and PAM asks for that (pam_shells): add it'; return
    fi
    for value in access listfile time securetty google_authenticator; do
      if grep -qsE "^[^#]*pam_$value" /etc/pam.d/{sshd,login,common-auth,common-account,system-auth,password-auth}; then
        printf 'PAM refuses it, maybe by pam_%s in /etc/pam.d: let every account in there' "$value"; return
      fi
    done
  fi
}

says() { printf 'sshd_config has %s %s, which keeps new accounts out: take it out' "$1" "\${set[\${1,,}]}"; }

effective_settings() {
  local sshd
  sshd=$(type -P sshd) || return 0
  "$sshd" -T -C "user=$user,host=localhost,addr=$address" 2>/dev/null
}
`
