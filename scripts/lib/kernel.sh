# shellcheck shell=bash
# Limits of the kernel that all containers and the machine share.

# Terminals of all containers together, and inotify instances per user. Every container has an account with its own id,
# but root is shared by all containers and the machine's services.
readonly kernel_wanted=(kernel.pty.max=65536 fs.inotify.max_user_instances=1024)
readonly kernel_settings=/etc/sysctl.d/60-berth.conf

# shellcheck disable=SC2034 # read by run_step (parallel.sh)
kernel() {
  local setting low=()
  for setting in "${kernel_wanted[@]}"; do
    if (($(kernel_value "$setting") < ${setting#*=})); then low+=("$setting"); fi
  done
  if [[ -n ${DOCKER_HOST:-} ]]; then
    did='the engine is elsewhere, skipped'
  elif ((${#low[@]} == 0)); then
    did='limits are high enough, skipped'
  elif raise "${low[@]}"; then
    did="raised ${low[*]}"
  else
    did="cannot be changed here; on the machine itself run: sysctl -w ${low[*]}"
  fi
}

# kernel_value NAME=WANTED: prints the current value, or WANTED if the kernel has no such setting.
kernel_value() { local name=${1%=*}; cat "/proc/sys/${name//.//}" 2>/dev/null || echo "${1#*=}"; }

# raise NAME=VALUE...: sets the values now, and for restarts if the machine reads sysctl.d. Never asks for a password.
raise() {
  local setting name
  if ((EUID != 0)) && ! sudo -n true 2>/dev/null; then return 1; fi
  for setting; do
    name=${setting%=*}
    as_root sh -c "echo ${setting#*=} >/proc/sys/${name//.//}" 2>/dev/null || return
  done
  if [[ -d ${kernel_settings%/*} ]]; then as_root sh -c "printf '%s\n' $* >>$kernel_settings"; fi
}
