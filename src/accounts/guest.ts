/** Looks into a container whose sshd has just been started, or is about to answer. */
import { BerthError, reasonOf } from '../core/errors.ts'
import type { Engine, Guest, Target } from '../core/ports.ts'

/** What the engine gets on top of the guest's own deadline, so that it is the guest who says what is missing. */
const graceMs = 3_000

/** How `timeout` tells that it ended its command: that of coreutils, that of BusyBox. */
const timedOut = [124, 143]

/**
 * Waits for sshd inside the container, where polling costs next to nothing, instead of from outside, exec by exec.
 * The answer's lines are "<what> <value>".
 */
const script = `
set -u
sshd_answers() {
  local banner
  { IFS= read -r banner <&3 && [[ $banner == SSH-* ]]; } 3<>/dev/tcp/127.0.0.1/22
} 2>/dev/null

until sshd_answers; do sleep 0.01; done
read -r _ fingerprint _ < <(ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub) || exit 1
printf 'key %s\\n' "$fingerprint"
( . /etc/os-release; printf 'os %s\\n' "\${PRETTY_NAME:-\${NAME:-Linux}}" )
while IFS=: read -r name _ uid _; do printf 'user %s %s\\n' "$name" "$uid"; done </etc/passwd
while IFS=: read -r name _; do printf 'group %s\\n' "$name"; done </etc/group
`

/** One exec. `guest_failed` when sshd does not answer within `timeoutMs`, or has no ed25519 host key. */
export async function surveyGuest(engine: Engine, target: Target, timeoutMs: number): Promise<Guest> {
  const result = await engine.exec(target.id, {
    command: ['timeout', (timeoutMs / 1000).toFixed(3), 'bash', '-c', script],
    timeoutMs: timeoutMs + graceMs,
  })
  if (timedOut.includes(result.code)) throw new BerthError('guest_failed', `sshd did not answer within ${timeoutMs} ms`)
  if (result.code !== 0) {
    throw new BerthError('guest_failed', reasonOf(result.stderr) || `survey ended with code ${result.code}`)
  }
  return parseSurvey(result.stdout)
}

function parseSurvey(text: string): Guest {
  const lines = text.trimEnd().split('\n')
  const values = (what: string) =>
    lines.filter((line) => line.startsWith(`${what} `)).map((line) => line.slice(what.length + 1))
  const users = values('user').map((line) => line.split(' '))
  return {
    hostKey: values('key')[0] ?? '',
    os: values('os')[0] ?? '',
    names: [...new Set([...users.map(([name = '']) => name), ...values('group')])],
    humans: users.filter(([, uid]) => isHuman(Number(uid))).map(([name = '']) => name),
  }
}

/** The range in which useradd makes people, as opposed to services and `nobody`. */
function isHuman(uid: number): boolean {
  return uid >= 1000 && uid < 60_000
}
