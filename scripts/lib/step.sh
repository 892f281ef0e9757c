# Functions for the steps of set-up.

# step NAME FUNCTION: runs the function, then prints one line with its result, which it stores in `did`, and its time.
step() {
  local started=${EPOCHREALTIME/[.,]/} took
  did=
  "$2"
  took=$(((${EPOCHREALTIME/[.,]/} - started) / 100000))
  printf '%-9s %s  (%d.%d s)\n' "$1" "$did" $((took / 10)) $((took % 10))
}

# announce NAME TEXT: prints what a step is about to do, before something slow or a change of the machine.
announce() { printf '%-9s %s\n' "$1" "$2"; }

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Runs a command, and prints its output only if it fails.
quietly() {
  local log
  log=$(mktemp)
  # shellcheck disable=SC2064 # expanded now
  trap "rm -f -- $(printf '%q' "$log")" EXIT # also when it is interrupted
  if "$@" >"$log" 2>&1; then
    rm -f -- "$log"
    return
  fi
  tail -n 40 -- "$log" >&2
  fail "This failed, with the output above: $*"
}

has() { command -v "$1" >/dev/null; }

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif has sudo; then
    sudo "$@"
  else
    fail "This needs root, and sudo is not installed: $*"
  fi
}
