# Read by login shells. A terminal that the image has no description of (a new one, or of a program's own) counts as
# xterm-256color, or editors, less and tmux would refuse to start.
berth_describes() {
  local place
  for place in "$HOME/.terminfo" /etc/terminfo /lib/terminfo /usr/lib/terminfo /usr/share/terminfo; do
    if [ -e "$place/${1%"${1#?}"}/$1" ]; then return 0; fi
  done
  return 1
}
if [ -n "${TERM-}" ] && ! berth_describes "$TERM"; then export TERM=xterm-256color; fi
unset -f berth_describes
