# Shows how long is left in a new terminal of a login over SSH, below /etc/motd. Not in the windows of tmux or screen.
if [ -n "${SSH_TTY:-}" ] && [ ! -e ~/.hushlogin ] && [ "$(tty)" = "$SSH_TTY" ]; then
  time-left 2>/dev/null
fi
