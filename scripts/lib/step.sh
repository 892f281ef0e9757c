# shellcheck shell=bash
# Functions for the steps of set-up.

# announce NAME TEXT: prints what a step is about to do, before something slow or a change of the machine.
announce() { printf '%-9s %s\n' "$1" "$2"; }

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Runs a command, and prints its output only if it fails.
quietly() {
  if "$@" >>"$STEP_LOG" 2>&1; then return; fi
  tail -n 40 -- "$STEP_LOG" >&2
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
