/** What is said inside a container: /etc/motd, and a line on the terminals that are open. */
import { BerthError, reasonOf } from '../core/errors.ts'
import type { Announcement, Engine, Target } from '../core/ports.ts'

/** It takes tenths of a second, or one second where a terminal takes no output, and more where the host is busy. */
export const announcingMs = 10_000

/**
 * A function of bash, also part of the script that makes accounts (`native.ts`). A tenant may be root and may have put
 * anything there: what is no plain file goes aside unopened, and a whole new file takes its place.
 */
export const writeMotd = `
write_motd() {
  local new
  if [[ -L /etc/motd || ( -e /etc/motd && ! -f /etc/motd ) ]]; then
    mv -- /etc/motd "$(mktemp -d /etc/motd.XXXXXX)" || return
  fi
  new=$(mktemp /etc/motd.XXXXXX) || return
  printf '%s' "$1" >"$new" && chmod 644 "$new" && mv -f -- "$new" /etc/motd && return
  rm -f -- "$new"
  return 1
}
`

/**
 * The same for everybody: what varies comes on stdin, as "user", "line" and the motd.
 * A terminal that was stopped (Ctrl-S) or that nobody reads keeps whoever writes to it waiting, so each has a writer of
 * its own, and a second later those that still wait are ended. They are no session leaders, so no terminal becomes theirs.
 * People in there need the line more than the file: a full disk keeps nobody from being told.
 */
const script = `
${writeMotd}
IFS= read -r user
IFS= read -r line
IFS= read -rd '' motd
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

/** One exec. Without a line it only writes the motd. */
export async function announce(
  engine: Engine,
  target: Target,
  { username, motd, line }: Announcement | { username: ''; motd: string; line: '' },
): Promise<void> {
  const { code, stderr } = await engine.exec(target.id, {
    command: ['bash', '-c', script, 'announce'],
    stdin: `${username}\n${line}\n${motd}`,
    timeoutMs: announcingMs,
  })
  if (code !== 0) throw new BerthError('guest_failed', `${target.name}: ${reasonOf(stderr) || `exit code ${code}`}`)
}
