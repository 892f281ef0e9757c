/** Reads names, host key and distribution of a container whose sshd has started or is about to answer. */
import { PLACEHOLDER } from '../domain/account.ts'
import { BerthError, hasCode, isInfrastructureError } from '../domain/errors.ts'
import type { Guest, Purpose, Target } from '../ports/accounts.ts'
import { hostKeyOf } from './host-key.ts'
import { OWN_HOST_KEY } from './readiness/own-host-key.ts'
import { UNDO } from './readiness/rehearsal.ts'
import { REQUIREMENTS } from './readiness/requirements.ts'
import { ROOT_RULE } from './readiness/root-rule.ts'
import { BASICS, refuseUnfit } from './readiness/unfit.ts'
import { failureOf, type Shell } from './shell.ts'

/** Added to the program's own deadline for the engine, so that the program can report what is missing. */
const GRACE_MS = 3_000

/** Functions of bash that print lines of "<what> <value>". */
const SURVEY = `
print_names() {
  local name
  while IFS=: read -r name _; do printf 'user %s\n' "$name"; done </etc/passwd
  while IFS=: read -r name _; do printf 'group %s\n' "$name"; done </etc/group
}

print_facts() {
  local key
  if ! read -r _ key _ </etc/ssh/ssh_host_ed25519_key.pub; then
    echo 'there is no host key /etc/ssh/ssh_host_ed25519_key.pub: run ssh-keygen -A when the container starts' >&2
    exit 1
  fi
  printf 'key %s\\n' "$key"
  ( . /etc/os-release; printf 'os %s\n' "\${PRETTY_NAME:-\${NAME:-Linux}}" )
}
`

interface Survey {
  readonly timeoutMs: number
  /** Whether the container was never lent. */
  readonly fresh: boolean
  /** Bash to run in a fresh container while sshd starts and generates its host key. */
  readonly meanwhile?: string
  /** Given for a container that is about to be ready; see `Accounts.survey`. */
  readonly purpose?: Purpose
  readonly python?: boolean
}

/**
 * Surveys a container. Throws `guest_failed` if sshd does not answer in time, `image_unfit` if the container cannot be
 * lent.
 */
export async function surveyGuest(shell: Shell, { id }: Target, survey: Survey): Promise<Guest> {
  const { timeoutMs, fresh } = survey
  const program = programOf(survey)
  const request = { program, timeoutMs: timeoutMs + GRACE_MS, ...(fresh && { agent: 'stays' as const }) }
  try {
    const result = await shell.run(id, request)
    if (result.code === 0) return parseSurvey(result.output)
    refuseUnfit(result)
    throw new BerthError('guest_failed', failureOf(result))
  } catch (error) {
    if (isInfrastructureError(error) || hasCode(error, 'image_unfit')) throw error
    // If the container's own command has ended, that is the reason, and not what the engine or bash reported.
    const down = await shell.engine.whyDown(id).catch(() => null)
    throw down === null ? error : new BerthError('guest_failed', down, { cause: error })
  }
}

function programOf({ timeoutMs, fresh, meanwhile = '', purpose, python }: Survey): string {
  const functions = `${BASICS}${REQUIREMENTS}${SURVEY}`
  const answers = `wait_for_sshd ${timeoutMs}`
  if (!fresh || purpose === undefined)
    return `${functions}print_names\n${fresh ? meanwhile : ''}\n${answers}\nprint_facts`
  const checks = ['undo_rehearsal', 'check_programs', ...(python ? ['check_python'] : [])]
  const own = ['own_host_key', ...(purpose.sudo ? ['let_become_root'] : [])]
  const steps = [...checks, 'print_names', meanwhile, answers, ...own, 'print_facts']
  return `${functions}${UNDO}${OWN_HOST_KEY}${ROOT_RULE}${steps.join('\n')}`
}

function parseSurvey(text: string): Guest {
  const lines = text.trimEnd().split('\n')
  const values = (what: string) =>
    lines.filter((line) => line.startsWith(`${what} `)).map((line) => line.slice(what.length + 1))
  const names = new Set([...values('user'), ...values('group')])
  names.delete(PLACEHOLDER)
  return {
    ...hostKeyOf(values('key')[0] ?? ''),
    os: values('os')[0] ?? '',
    names: [...names],
  }
}
