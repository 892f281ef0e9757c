/** Shells of accounts: a pod's exec runs as root, so the command becomes the account by itself. */
import { isUsername } from '../../domain/account.ts'
import { BerthError } from '../../domain/errors.ts'
import type { Shell, ShellRequest } from '../../ports/shell.ts'
import type { Pods } from './pods/pods.ts'

/**
 * Sets the size of the terminal before the command runs, and becomes the account, whose terminal it is from then on.
 * util-linux' `su -c` would take the terminal away, so that neither Ctrl-C nor job control worked. Alpine's setpriv
 * cannot change the user, and its su keeps the terminal.
 */
const BECOME = `
stty cols "$1" rows "$2" 2>/dev/null
user=$3
shift 3
entry=$(grep "^$user:" /etc/passwd) || { echo "no account $user"; exit 1; }
IFS=: read -r _ _ uid gid _ home _ <<END
$entry
END
chown "$uid" "$(tty)" 2>/dev/null
export HOME="$home" USER="$user" LOGNAME="$user" TERM=xterm-256color
if setpriv --version 2>/dev/null | grep -q util-linux; then
  exec setpriv --reuid "$uid" --regid "$gid" --init-groups -- "$@"
fi
exec su -s /bin/sh -c 'exec "$@"' "$user" sh "$@"
`

export async function openShell(
  pods: Pods,
  id: string,
  { user, command, size, timeoutMs }: ShellRequest,
): Promise<Shell> {
  if (!isUsername(user) || user === 'root')
    throw new BerthError('engine_failed', `a terminal runs as an account, got ${JSON.stringify(user)}`)
  const target = pods.target(id)
  const become = ['/bin/sh', '-c', BECOME, 'sh', String(size.cols), String(size.rows), user, ...command]
  return pods.client.terminal(target, become, { what: `open a terminal in ${target.pod}`, deadlineMs: timeoutMs })
}
