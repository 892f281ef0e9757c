# shellcheck shell=bash
# Sourced by login shells. Falls back to xterm-256color if the image has no terminfo entry for $TERM: editors, less and
# tmux would refuse to start.
berth_has_terminfo() {
  local folder
  for folder in "$HOME/.terminfo" /etc/terminfo /lib/terminfo /usr/lib/terminfo /usr/share/terminfo; do
    if [ -e "$folder/${1%"${1#?}"}/$1" ]; then return 0; fi
  done
  return 1
}
if [ -n "${TERM-}" ] && ! berth_has_terminfo "$TERM"; then export TERM=xterm-256color; fi
unset -f berth_has_terminfo
