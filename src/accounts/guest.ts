/** Looks into a container whose sshd has just been started, or is about to answer. */
import { createHash } from 'node:crypto'
import { PLACEHOLDER } from '../core/account.ts'
import { BerthError, reasonOf } from '../core/errors.ts'
import type { BashRequest, Engine, Guest, Target } from '../core/ports.ts'

/** What the engine gets on top of the guest's own deadline, so that it is the guest who says what is missing. */
const graceMs = 3_000

/** How the script tells that sshd did not answer in time. */
const TIMED_OUT = 'sshd did not answer'

/**
 * Functions of bash. Waits for sshd inside the container, where polling costs next to nothing, instead of from outside, exec
 * by exec. What is printed are lines of "<what> <value>".
 */
const surveying = `
sshd_answers() {
  local banner
  { IFS= read -t 1 -r banner <&3 && [[ $banner == SSH-* ]]; } 3<>/dev/tcp/127.0.0.1/22
} 2>/dev/null

# From a pipe into which nobody writes, which costs less than a process that sleeps.
exec {never}<> <(:)
rest() { IFS= read -rt 0.02 -u "$never"; }

# $1: for how many milliseconds it may keep us waiting
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

/** `guest_failed` when sshd does not answer within `timeoutMs`, or has no ed25519 host key. */
export async function surveyGuest(engine: Engine, target: Target, timeoutMs: number): Promise<Guest> {
  return survey(engine, target, { program: '', timeoutMs })
}

/** As `surveyGuest`, where nobody was ever let in: a program of bash is run there besides, while sshd makes its host key. */
export async function surveyFree(
  engine: Engine,
  target: Target,
  { meanwhile, timeoutMs }: { readonly meanwhile: string; readonly timeoutMs: number },
): Promise<Guest> {
  return survey(engine, target, { program: meanwhile, free: 'stays', timeoutMs })
}

async function survey(engine: Engine, { id }: Target, { program, timeoutMs, ...rest }: BashRequest): Promise<Guest> {
  const { code, output } = await engine.runBash(id, {
    program: `${surveying}\nprint_names\n${program}\nwait_for_sshd ${timeoutMs}\nprint_facts`,
    timeoutMs: timeoutMs + graceMs,
    ...rest,
  })
  if (code === 0) return parseSurvey(output)
  const reason = lastLine(output) || `survey ended with code ${code}`
  throw new BerthError('guest_failed', reason === TIMED_OUT ? `${reason} within ${timeoutMs} ms` : reason)
}

/** Of what a program wrote that failed: why it did. */
export function lastLine(output: string): string {
  return reasonOf(output.trimEnd().split('\n').at(-1) ?? '')
}

function parseSurvey(text: string): Guest {
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
