/** Parses what the stdout callback ansible.posix.json prints at the end of a run. */
import { BerthError } from '../../domain/errors.ts'
import type { Outcomes, Target } from '../../ports/accounts.ts'
import { FINISHED_PLAY } from './files.ts'

/** Maximum length of a failure's text in a reason. With the path of the output after it, 500 must suffice. */
const MAX_REASON_CHARACTERS = 250
/** Fields that Ansible does not print either. Parameters of modules may be secret. */
const UNPRINTED = ['invocation', '_ansible_no_log', '_ansible_parsed']

/** Message of Ansible for a command that failed; it lacks the exit code. */
const NON_ZERO = 'non-zero return code'

export interface Report {
  readonly plays: readonly Play[]
}

interface Play {
  readonly play: { readonly name: string }
  readonly tasks: readonly {
    readonly task: { readonly name: string; readonly path?: string }
    readonly hosts: Record<string, TaskResult>
  }[]
}

/** Result of one task on one host. The fields depend on the module. */
interface TaskResult {
  readonly failed?: boolean
  readonly unreachable?: boolean
  readonly skipped?: boolean
  readonly changed?: boolean
  readonly msg?: unknown
  /** Exit code of a command. */
  readonly rc?: unknown
  readonly stderr?: unknown
  readonly stdout?: unknown
  readonly results?: readonly TaskResult[]
}

/** Returns null if the run ended without a report, as for a playbook that cannot be parsed. */
export function parseReport(stdout: string): Report | null {
  const start = stdout.indexOf('{')
  if (start < 0) return null
  try {
    return JSON.parse(stdout.slice(start)) as Report
  } catch {
    return null
  }
}

/** A target is done if it took part in the playbook and reached the play after it. */
export function outcomesOf({ plays }: Report, targets: readonly Target[]): Outcomes {
  const finished = plays.filter(({ play }) => play.name === FINISHED_PLAY)
  const playbook = plays.filter(({ play }) => play.name !== FINISHED_PLAY)
  const outcome = ({ name }: Target): Error | null => {
    if (!takesPart(playbook, name)) return failure('the playbook has no task for this container (hosts: all)')
    if (takesPart(finished, name)) return null
    return failure(lastFailure(playbook, name) ?? 'the playbook ended before this container was done')
  }
  return new Map(targets.map((target) => [target.name, outcome(target)]))
}

function takesPart(plays: readonly Play[], host: string): boolean {
  return plays.some(({ tasks }) => tasks.some(({ hosts }) => host in hosts))
}

/** Returns the last failure: earlier ones were ignored or rescued. */
function lastFailure(plays: readonly Play[], host: string): string | undefined {
  for (const { task, hosts } of plays.flatMap(({ tasks }) => tasks).toReversed()) {
    const result = hosts[host]
    if (result?.failed || result?.unreachable) {
      return `task "${task.name}" failed on ${host}: ${shortened(messageOf(result))}`
    }
  }
  return undefined
}

/**
 * In a loop, the items say more than the task ("One or more items failed"); for a command, the last line of its output
 * says more than "non-zero return code".
 */
function messageOf(result: TaskResult): string {
  const item = result.results?.find(({ failed }) => failed)
  if (item) return messageOf(item)
  const code = typeof result.rc === 'number' && result.rc !== 0 ? ` ${result.rc}` : ''
  const message = typeof result.msg === 'string' ? result.msg.trim() : ''
  const texts = [message === NON_ZERO ? message + code : message, lastLine(result.stderr) || lastLine(result.stdout)]
  return texts.filter((text) => text !== '').join(': ') || 'failed without a message'
}

/** Returns the last line of a command's output that is not blank; the empty string if there is none. */
function lastLine(output: unknown): string {
  if (typeof output !== 'string') return ''
  return (
    output
      .split('\n')
      .findLast((line) => line.trim() !== '')
      ?.trim() ?? ''
  )
}

function shortened(text: string): string {
  return text.length > MAX_REASON_CHARACTERS ? `${text.slice(0, MAX_REASON_CHARACTERS)}…` : text
}

/** Returns what the run did on one host, task by task, for operators. Ansible censors results of `no_log` tasks. */
export function describeRun({ plays }: Report, host: string): string {
  return plays
    .filter(({ play }) => play.name !== FINISHED_PLAY)
    .flatMap(({ play, tasks }) => [
      `PLAY [${play.name}]`,
      ...tasks.flatMap(({ task, hosts }) => {
        const result = hosts[host]
        if (!result) return []
        const where = task.path === undefined ? '' : ` (${task.path})`
        return [`\nTASK [${task.name}]${where}`, `${statusOf(result)}: [${host}] => ${printed(result)}`]
      }),
      '',
    ])
    .join('\n')
}

function statusOf({ failed, unreachable, skipped, changed }: TaskResult): string {
  if (unreachable) return 'unreachable'
  if (failed) return 'failed'
  if (skipped) return 'skipped'
  return changed ? 'changed' : 'ok'
}

function printed(result: TaskResult): string {
  return JSON.stringify(result, (key, value: unknown) => (UNPRINTED.includes(key) ? undefined : value), 2)
}

function failure(reason: string): BerthError {
  return new BerthError('guest_failed', reason)
}
