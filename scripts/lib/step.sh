# What the steps of set-up share.

# step NAME FUNCTION: runs it, then prints one line with what it says in `did` and how long it took.
step() {
  local started=${EPOCHREALTIME/[.,]/} took
  did=
  "$2"
  took=$(((${EPOCHREALTIME/[.,]/} - started) / 100000))
  printf '%-9s %s  (%d.%d s)\n' "$1" "$did" $((took / 10)) $((took % 10))
}

# Before something slow or something that changes the machine, so that nothing happens unannounced.
announce() { printf '%-9s %s\n' "$1" "$2"; }

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Runs a command without its output, unless it fails.
quietly() {
  local log
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then
    rm -f "$log"
    return
  fi
  tail -n 40 "$log" >&2
  rm -f "$log"
  fail "This failed, with the output above: $*"
}

has() { command -v "$1" >/dev/null; }

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif has sudo; then
    sudo "$@"
  else
    fail "This needs root, and there is no sudo: $*"
  fi
}
