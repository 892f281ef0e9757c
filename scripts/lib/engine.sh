# A Docker engine that answers.

readonly dockerd_log=/var/log/berth-dockerd.log

engine() {
  local version how=
  if ! version=$(engine_version); then
    why_not
    start_engine
    version=$(wait_for_engine)
    how=", started $started_by"
  fi
  did="docker $version answers${how:-, skipped}"
}

# Says nothing unless it answers; the client prints an empty line then.
engine_version() {
  local version
  version=$(timeout 10 docker version --format '{{.Server.Version}}' 2>/dev/null) && echo "$version"
}

# Stops where starting one would be wrong.
why_not() {
  [[ -z ${DOCKER_HOST:-} ]] || fail "No engine answers at DOCKER_HOST=$DOCKER_HOST. To use one on this machine, unset DOCKER_HOST."
  local socket=/var/run/docker.sock
  if [[ -S $socket && ! -w $socket ]]; then
    fail "You may not use $socket. Join its group and log in again, or run this with sudo:" \
      "  sudo usermod -aG docker $(id -un)"
  fi
}

start_engine() {
  if [[ -d /run/systemd/system ]]; then
    started_by='by systemd'
    quietly as_root systemctl enable --now docker
  elif [[ $(</proc/1/comm) == init && -x /etc/init.d/docker ]]; then
    started_by='as a service'
    quietly as_root service docker start
  else
    started_by="by hand (log: $dockerd_log)"
    announce engine "starting dockerd, which no init system here can do"
    remove_stale_files
    # In a session of its own: it outlives this script and its terminal. With as many open files as its unit has under
    # systemd: a thousand containers that die at once take more than the 20,000 of some machines.
    as_root sh -c "ulimit -n 1048576 2>/dev/null; setsid nohup dockerd >>$dockerd_log 2>&1 </dev/null &"
  fi
}

# Where /run is on disk, a machine that was switched off leaves these behind, and dockerd takes whatever process has the
# same number now for a running engine.
remove_stale_files() {
  runs dockerd || as_root rm -f /var/run/docker.pid /var/run/docker/containerd/containerd.pid
  runs containerd || as_root rm -f /run/containerd/containerd.sock
}

# Without pgrep, which a small system lacks.
runs() { grep -qsx "$1" /proc/[0-9]*/comm; }

# A first start makes its storage and its network rules, which may take a while. Prints the version.
wait_for_engine() {
  local deadline=$((SECONDS + 60))
  until engine_version; do
    if ((SECONDS >= deadline)) || ! still_starting; then
      engine_log >&2
      fail "The engine does not answer. It was started $started_by; its last words are above."
    fi
    sleep 0.3
  done
}

# Only of a dockerd started by hand is it known. The second look is for the moment before it runs at all.
still_starting() { [[ $started_by != 'by hand'* ]] || runs dockerd || { sleep 1 && runs dockerd; }; }

engine_log() {
  case $started_by in
    'by systemd') as_root journalctl --unit docker --lines 20 --no-pager ;;
    'as a service') as_root tail -n 20 /var/log/docker.log ;;
    *) as_root tail -n 20 "$dockerd_log" ;;
  esac
}
