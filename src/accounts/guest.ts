/** Looks into a container whose sshd has just been started, or is about to answer. */
import { createHash } from 'node:crypto'
import { PLACEHOLDER } from '../core/account.ts'
import { BerthError, reasonOf } from '../core/errors.ts'
import type { Engine, Guest, Target } from '../core/ports.ts'

/** What the engine gets on top of the guest's own deadline, so that it is the guest who says what is missing. */
export const graceMs = 3_000

/** How the script tells that sshd did not answer in time. */
const TIMED_OUT = 'sshd did not answer'

/**
 * Functions of bash. Waits for sshd inside the container, where polling costs next to nothing, instead of from outside, exec
 * by exec. What is printed are lines of "<what> <value>".
 */
export const surveying = `
sshd_answers() {
  local banner
  { IFS= read -t 1 -r banner <&3 && [[ $banner == SSH-* ]]; } 3<>/dev/tcp/127.0.0.1/22
} 2>/dev/null

rest() { sleep 0.01; }

# $1: for how many milliseconds
wait_for_sshd() {
  local end=$(( \${EPOCHREALTIME//[.,]/} / 1000 + $1 ))
  until sshd_answers; do
    if (( \${EPOCHREALTIME//[.,]/} / 1000 > end )); then echo '${TIMED_OUT}' >&2; exit 1; fi
    rest
  done
}

print_names() {
  local name uid
  while IFS=: read -r name _ uid _; do printf 'user %s %s\n' "$name" "$uid"; done </etc/passwd
  while IFS=: read -r name _; do printf 'group %s\n' "$name"; done </etc/group
}

print_facts() {
  local key
  read -r _ key _ </etc/ssh/ssh_host_ed25519_key.pub || exit 1
  printf 'key %s\\n' "$key"
  ( . /etc/os-release; printf 'os %s\n' "\${PRETTY_NAME:-\${NAME:-Linux}}" )
}
`

const script = `
set -u
${surveying}
wait_for_sshd "$1"
print_facts
print_names
`

/** One exec. `guest_failed` when sshd does not answer within `timeoutMs`, or has no ed25519 host key. */
export async function surveyGuest(engine: Engine, target: Target, timeoutMs: number): Promise<Guest> {
  const { code, stdout, stderr } = await engine.exec(target.id, {
    command: ['bash', '-c', script, 'survey', String(timeoutMs)],
    timeoutMs: timeoutMs + graceMs,
  })
  if (code !== 0) throw surveyFailed(reasonOf(stderr) || `survey ended with code ${code}`, timeoutMs)
  return parseSurvey(stdout)
}

export function surveyFailed(reason: string, timeoutMs: number): BerthError {
  return new BerthError('guest_failed', reason === TIMED_OUT ? `${reason} within ${timeoutMs} ms` : reason)
}

export function parseSurvey(text: string): Guest {
  const lines = text.trimEnd().split('\n')
  const values = (what: string) =>
    lines.filter((line) => line.startsWith(`${what} `)).map((line) => line.slice(what.length + 1))
  const users = values('user').map((line) => line.split(' '))
  const names = new Set([...users.map(([name = '']) => name), ...values('group')])
  names.delete(PLACEHOLDER)
  return {
    hostKey: fingerprintOf(values('key')[0] ?? ''),
    os: values('os')[0] ?? '',
    names: [...names],
    humans: users.filter(([name, uid]) => name !== PLACEHOLDER && isHuman(Number(uid))).map(([name = '']) => name),
  }
}

/** The range in which useradd makes people, as opposed to services and `nobody`. */
function isHuman(uid: number): boolean {
  return uid >= 1000 && uid < 60_000
}

/** As ssh prints it: "SHA256:…", of a key in base64. */
function fingerprintOf(key: string): string {
  const digest = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64')
  return `SHA256:${digest.replace(/=+$/, '')}`
}
