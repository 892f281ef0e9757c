# shellcheck shell=sh
# Prints the time left, below /etc/motd, when a terminal logs in over SSH; not in windows of tmux or screen.
if [ -n "${SSH_TTY:-}" ] && [ ! -e ~/.hushlogin ] && [ "$(tty)" = "$SSH_TTY" ]; then
  time-left 2>/dev/null
fi
