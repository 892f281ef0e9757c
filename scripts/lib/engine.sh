# shellcheck shell=bash
# Finds a Docker engine, or starts one.

readonly dockerd_log=/var/log/berth-dockerd.log

# The manager and newer docker commands treat an empty DOCKER_HOST as unset. docker 20.10 takes it for the default
# engine and ignores the context.
if [[ -z ${DOCKER_HOST:-} ]]; then unset DOCKER_HOST; fi

engine() {
  local version how=
  if ! version=$(engine_version); then
    assert_startable
    start_engine
    version=$(wait_for_engine)
    how=", started $started_by"
  fi
  did="docker $version answers${how:-, skipped}"
  local named
  named=$(named_engine)
  if [[ -n $named ]]; then did+=" at $named"; fi
}

# Prints the engine that DOCKER_HOST or a Docker context names, by the rules of the docker command; nothing for the
# default one.
named_engine() {
  local context
  if [[ -n ${DOCKER_HOST:-} ]]; then
    echo "$DOCKER_HOST (DOCKER_HOST)"
  elif context=${DOCKER_CONTEXT:-$(docker context show 2>/dev/null || docker context ls --format '{{if .Current}}{{.Name}}{{end}}' 2>/dev/null | grep .)} &&
    [[ -n $context && $context != default ]]; then
    echo "$(docker context inspect --format '{{.Endpoints.docker.Host}}' "$context" 2>/dev/null || echo nowhere) (context $context)"
  fi
}

# Prints nothing if the engine does not answer; the client itself would print an empty line.
engine_version() {
  local version
  version=$(timeout 10 docker version --format '{{.Server.Version}}' 2>/dev/null) && echo "$version"
}

# Fails with the reason if an engine must not be started here.
assert_startable() {
  local named
  named=$(named_engine)
  if [[ -n $named ]]; then
    docker version >/dev/null || true # prints the reason
    fail "No engine answers at $named. To use an engine on this machine, unset DOCKER_HOST and DOCKER_CONTEXT, and run:" \
      '  docker context use default'
  fi
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
    # In a session of its own, so that it outlives this script and its terminal. It gets the limit of open files that
    # its systemd unit has: a thousand containers that die at once need more than the 20,000 of some machines.
    as_root sh -c "ulimit -n 1048576 2>/dev/null; setsid nohup dockerd >>$dockerd_log 2>&1 </dev/null &"
  fi
}

# If /run is on disk, these files survive a power loss, and dockerd takes any process with the recorded id for a running
# engine.
remove_stale_files() {
  runs dockerd || as_root rm -f /var/run/docker.pid /var/run/docker/containerd/containerd.pid
  runs containerd || as_root rm -f /run/containerd/containerd.sock
}

# $1: name of a process. Works without pgrep, which small systems lack.
runs() { grep -qsx "$1" /proc/[0-9]*/comm; }

# Prints the version. A first start creates storage and network rules, which may take a while.
wait_for_engine() {
  local deadline=$((SECONDS + 60))
  until engine_version; do
    if ((SECONDS >= deadline)) || ! still_starting; then
      engine_log >&2
      fail "The engine does not answer. It was started $started_by; the end of its log is above."
    fi
    sleep 0.3
  done
}

# Known only for a dockerd that was started by hand. The second check covers the moment before its process exists.
still_starting() { [[ $started_by != 'by hand'* ]] || runs dockerd || { sleep 1 && runs dockerd; }; }

engine_log() {
  case $started_by in
    'by systemd') as_root journalctl --unit docker --lines 20 --no-pager ;;
    'as a service') as_root tail -n 20 /var/log/docker.log ;;
    *) as_root tail -n 20 "$dockerd_log" ;;
  esac
}
