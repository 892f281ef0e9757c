/** Gives every container a host key of its own, even if its image contains one. */

/**
 * Functions of bash. Docker writes /etc/hosts when it starts a container, so an older key comes from the image, and all
 * its containers would share it. sshd rereads its keys on SIGHUP.
 */
export const OWN_HOST_KEY = `
host_key=/etc/ssh/ssh_host_ed25519_key

own_host_key() {
  if [[ -s $host_key && -s $host_key.pub && ! $host_key -ot /etc/hosts ]]; then return; fi
  has ssh-keygen || unfit "the image contains host keys, which all its containers would share, and has no ssh-keygen to make others: install OpenSSH"
  local old type types=(ed25519) servers
  servers=$(sshd_pids)
  [[ $servers ]] || unfit "$host_key comes from the image (or is not there), and no sshd of OpenSSH runs that could take another: run sshd, and ssh-keygen -A when the container starts"
  for old in /etc/ssh/ssh_host_*_key; do
    type=\${old#/etc/ssh/ssh_host_} type=\${type%_key}
    if [[ -e $old && $type != ed25519 ]]; then types+=("$type"); fi
  done
  for type in "\${types[@]}"; do
    old=/etc/ssh/ssh_host_\${type}_key
    rm -f -- "$old" "$old.pub" "$old-cert.pub"
    # A type that a newer ssh-keygen no longer supports is skipped.
    ssh-keygen -q -t "$type" -N '' -C "$HOSTNAME" -f "$old" >/dev/null 2>&1 </dev/null || true
  done
  [[ -s $host_key.pub ]] || unfit "ssh-keygen could not make $host_key"
  kill -HUP $servers
  offers_own_key || unfit "sshd does not use $host_key, which Berth has made for this container alone: take HostKey out of sshd_config, or name that file there"
}

# Prints the ids of the sshds that listen, without the children that serve one connection each.
sshd_pids() {
  local status name parent of
  for status in /proc/[0-9]*/status; do
    name='' parent=0
    while read -r what value _; do
      case $what in Name:) name=$value ;; PPid:) parent=$value; break ;; esac
    done <"$status"
    [[ $name == sshd ]] || continue
    of=''
    { read -r of <"/proc/$parent/comm"; } 2>/dev/null
    [[ $of == sshd ]] || { status=\${status#/proc/}; printf '%s ' "\${status%/status}"; }
  done
} 2>/dev/null

offers_own_key() {
  local want offered try
  read -r _ want _ <"$host_key.pub"
  if ! has ssh-keyscan; then
    for try in {1..20}; do rest; done
    wait_for_sshd 5000
    return 0
  fi
  for try in {1..100}; do
    read -r _ _ offered < <(ssh-keyscan -T 1 -t ed25519 127.0.0.1 2>/dev/null)
    if [[ $offered == "$want" ]]; then return 0; fi
    rest
  done
  return 1
}
`
