/** Notifies tenants inside their containers, by /etc/motd and a line on open terminals. */
import { BerthError } from '../domain/errors.ts'
import { forShell } from '../domain/text/foreign-text.ts'
import type { NotificationText, Target } from '../ports/accounts.ts'
import { failureOf, type Shell } from './shell.ts'

/** Usually tenths of a second; one second if a terminal takes no output, more if the host is busy. */
const TIMEOUT_MS = 10_000

/**
 * A terminal that was stopped (Ctrl-S) or that no client reads blocks its writer, so each terminal has a writer of its
 * own, and those that still wait after a second are killed. They are not session leaders, so no terminal becomes their
 * own. The line matters more than the file: it is written even if the disk is full.
 */
const WRITE = `
write_motd "$motd" || [[ $line ]] || exit 1
[[ $line ]] && uid=$(id -u -- "$user" 2>/dev/null) || exit 0

writers=()
for tty in $(find /dev/pts -type c -user "$uid"); do
  printf '\\r\\n*** %s ***\\r\\n' "$line" >"$tty" &
  writers+=($!)
done
(( \${#writers[@]} )) || exit 0
( sleep 1; kill "\${writers[@]}" ) >/dev/null 2>&1 &
wait "\${writers[@]}"
kill $!
exit 0
`

/** Writes the notification in one container, with one exec. */
export async function notify(
  shell: Shell,
  { id, name }: Target,
  { username, motd, line }: NotificationText,
): Promise<void> {
  const values = `user=${forShell(username)}\nline=${forShell(line)}\nmotd=${forShell(motd)}\n`
  const result = await shell.run(id, { program: values + WRITE, timeoutMs: TIMEOUT_MS })
  if (result.code !== 0) throw new BerthError('guest_failed', `${name}: ${failureOf(result)}`)
}
