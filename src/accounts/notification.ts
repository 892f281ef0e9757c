/** Notifies tenants inside their containers: in files that logins and session commands show, and on open terminals. */
import { BerthError } from '../domain/errors.ts'
import { forShell, forTerminal } from '../domain/text/foreign-text.ts'
import type { NotificationText, SessionAnswer, Target } from '../ports/accounts.ts'
import { failureOf, type Shell } from './shell.ts'

/** Usually tenths of a second; one second if a terminal takes no output, more if the host is busy. */
const TIMEOUT_MS = 10_000

/**
 * A terminal that was stopped (Ctrl-S) or that no client reads blocks its writer, so each terminal has a writer of its
 * own, and those that still wait after a second are killed. They are not session leaders, so no terminal becomes their
 * own. The line matters more than the file: it is written even if the disk is full. A terminal that
 * its user cannot write to is skipped: it displays another one (src/usecases/terminals/login.ts), which gets the line.
 */
const WRITE = `
{ replace_file /etc/motd "$motd" && replace_file "$session_file" "$session"; } || [[ $line ]] || exit 1
[[ $line ]] && uid=$(id -u -- "$user" 2>/dev/null) || exit 0

writers=()
for tty in $(find /dev/pts -type c -user "$uid" -perm -200); do
  printf '\\r\\n*** %s ***\\r\\n' "$line" >"$tty" &
  writers+=($!)
done
(( \${#writers[@]} )) || exit 0
( sleep 1; kill "\${writers[@]}" ) >/dev/null 2>&1 &
wait "\${writers[@]}"
kill $!
exit 0
`

/** Less than the ten seconds for which the command waits (images/session-commands). */
const ANSWER_TIMEOUT_MS = 8_000

/** Writes the notification in one container, with one exec. */
export async function notify(
  shell: Shell,
  { id, name }: Target,
  { username, motd, session, line }: NotificationText,
): Promise<void> {
  const texts = `line=${forShell(line)}\nmotd=${forShell(motd)}\nsession=${forShell(session)}\n`
  const values = `user=${forShell(username)}\n${texts}`
  const result = await shell.run(id, { program: values + WRITE, timeoutMs: TIMEOUT_MS })
  if (result.code !== 0) throw new BerthError('guest_failed', `${name}: ${failureOf(result)}`)
}

/** Writes the answer to a session command, with one exec. The command waits for a file with the request's id. */
export async function answer(
  shell: Shell,
  { id, name }: Target,
  { id: request, isDone, text }: SessionAnswer,
): Promise<void> {
  const lines = `${request}\n${isDone ? 'done' : 'refused'}\n${forTerminal(text)}\n`
  const program = `replace_file /run/berth/reply ${forShell(lines)}`
  const result = await shell.run(id, { program, timeoutMs: ANSWER_TIMEOUT_MS })
  if (result.code !== 0) throw new BerthError('guest_failed', `${name}: ${failureOf(result)}`)
}
