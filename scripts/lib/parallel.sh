# shellcheck shell=bash
# Runs the steps of set-up side by side. Each starts as soon as the steps that it needs have succeeded. When one fails,
# all steps that still run are ended. A terminal shows what runs; any other output gets a line for each step that has ended.

readonly poll_seconds=0.1
readonly polls_per_redraw=4
readonly max_end_tenths=100 # how long end_steps waits for the children of an ended step

declare -a waiting=()
declare -A functions=() needed=() pids=() started=() outputs=() errors=() succeeded=() uninterruptible=()
drawn=0

# step NAME FUNCTION [NEEDED...]: adds a step that starts after the needed ones. FUNCTION stores its result in `did`.
step() {
  waiting+=("$1")
  functions[$1]=$2
  needed[$1]=${*:3}
}

# apt_step: like `step`, for a step that must not be interrupted: a dpkg that is killed has to be repaired by hand.
apt_step() {
  uninterruptible[$1]=yes
  step "$@"
}

run_steps() {
  local polls=0
  work=$(mktemp -d)
  trap end_steps EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  start_ready
  while ((${#pids[@]} > 0)); do
    sleep "$poll_seconds"
    collect
    start_ready
    if ((polls++ % polls_per_redraw == 0)); then draw; fi
  done
}

start_ready() {
  local name need later=()
  for name in "${waiting[@]}"; do
    for need in ${needed[$name]}; do
      [[ -n ${succeeded[$need]:-} ]] || continue 2
    done
    start "$name"
  done
  for name in "${waiting[@]}"; do
    [[ -n ${pids[$name]:-}${succeeded[$name]:-} ]] || later+=("$name")
  done
  waiting=("${later[@]}")
}

start() {
  local name=$1 out=$work/$1.out err=$work/$1.err fd
  : >"$out"
  : >"$err"
  exec {fd}<"$out"
  outputs[$name]=$fd
  exec {fd}<"$err"
  errors[$name]=$fd
  started[$name]=$(tenths)
  set -m # a process group of its own
  run_step "$name" >"$out" 2>"$err" </dev/null &
  set +m
  pids[$name]=$!
}

run_step() {
  trap - EXIT INT TERM
  export STEP_LOG=$work/$1.log # images/build writes to it, too
  : >"$STEP_LOG"
  did=
  "${functions[$1]}"
  echo "$did" >"$work/$1.did"
}

# Passes on what the steps have written, and exits if a step has failed.
collect() {
  local name code took
  for name in "${!pids[@]}"; do
    local is_over=
    kill -0 "${pids[$name]}" 2>/dev/null || is_over=yes
    pass_on "${outputs[$name]}" 1
    pass_on "${errors[$name]}" 2
    [[ -n $is_over ]] || continue
    code=0
    wait "${pids[$name]}" 2>/dev/null || code=$?
    unset "pids[$name]"
    took=$(($(tenths) - ${started[$name]}))
    erase
    if ((code != 0)); then
      if [[ ! -s $work/$name.err ]]; then explain_silent "$name" "$code" >&2; fi
      fail "Set-up has failed at the step \"$name\"; the reason is above." \
        'What is done stays done: fix that, and run set-up again.'
    fi
    printf '%-9s %s  (%d.%d s)\n' "$name" "$(<"$work/$name.did")" $((took / 10)) $((took % 10))
    succeeded[$name]=yes
  done
}

# explain_silent NAME CODE: for a step whose failed command has said nothing.
explain_silent() {
  tail -n 40 -- "$work/$1.log"
  echo "A command of it ended with exit code $2 and said nothing."
}

# pass_on FROM TO: copies what is new, between file descriptors.
pass_on() {
  local text
  IFS= read -rd '' -u "$1" text || true
  if [[ -n $text ]]; then
    erase
    printf %s "$text" >&"$2"
  fi
}

# Ends what still runs, and waits for it. Runs at each exit.
end_steps() {
  local name waited=0
  erase
  for name in "${!pids[@]}"; do
    if [[ -z ${uninterruptible[$name]:-} ]]; then
      kill -TERM -- "-${pids[$name]}" 2>/dev/null || true
    elif kill -0 "${pids[$name]}" 2>/dev/null; then
      echo "Waiting for the step \"$name\": apt must not be interrupted." >&2
    fi
  done
  for name in "${!pids[@]}"; do
    wait "${pids[$name]}" 2>/dev/null || true
    while kill -0 -- "-${pids[$name]}" 2>/dev/null && ((waited++ < max_end_tenths)); do sleep 0.1; done
  done
  rm -rf -- "$work"
}

# Shows for each running step how long it has taken and the last line of what it runs.
draw() {
  [[ -t 1 && ${TERM:-dumb} != dumb ]] || return 0
  local name line now
  now=$(tenths)
  erase
  for name in "${!pids[@]}"; do
    line=$(tail -c 300 -- "$work/$name.log" 2>/dev/null | tr '\r' '\n' || true)
    line=${line##*$'\n'}
    line=$(printf '%-9s %3d s  %s' "$name" $(((now - ${started[$name]}) / 10)) "${line//[[:cntrl:]]/ }")
    printf '%s\n' "${line:0:$((${COLUMNS:-80} - 1))}"
    drawn=$((drawn + 1))
  done
}

erase() {
  if ((drawn > 0)); then printf '\033[%dA\033[J' "$drawn"; fi
  drawn=0
}

tenths() { echo $((${EPOCHREALTIME/[.,]/} / 100000)); }
