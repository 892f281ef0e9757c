/** Parses what the stdout callback ansible.posix.json prints at the end of a run. */
import { BerthError } from '../../domain/errors.ts'
import type { Outcomes, Target } from '../../ports/accounts.ts'
import { FINISHED_PLAY } from './files.ts'

/** Maximum length of a command's output in a reason. The end is kept; reasons are cut at 500 characters. */
const MAX_OUTPUT_CHARACTERS = 300

interface Report {
  readonly plays: readonly Play[]
}

interface Play {
  readonly play: { readonly name: string }
  readonly tasks: readonly { readonly task: { readonly name: string }; readonly hosts: Record<string, TaskResult> }[]
}

/** Result of one task on one host. The fields depend on the module. */
interface TaskResult {
  readonly failed?: boolean
  readonly unreachable?: boolean
  readonly msg?: unknown
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
    if (result?.failed || result?.unreachable) return `task "${task.name}": ${messageOf(result)}`
  }
  return undefined
}

/**
 * In a loop, the items say more than the task ("One or more items failed"); for a command, its output says more than
 * "non-zero return code".
 */
function messageOf(result: TaskResult): string {
  const item = result.results?.find(({ failed }) => failed)
  if (item) return messageOf(item)
  const output = endOf(result.stderr) || endOf(result.stdout)
  const texts = [typeof result.msg === 'string' ? result.msg.trim() : '', output]
  return texts.filter((text) => text !== '').join(': ') || 'failed without a message'
}

/** Returns the end of a command's output; the empty string if there is none. */
function endOf(output: unknown): string {
  if (typeof output !== 'string') return ''
  const text = output.trim()
  return text.length > MAX_OUTPUT_CHARACTERS ? `…${text.slice(-MAX_OUTPUT_CHARACTERS)}` : text
}

function failure(reason: string): BerthError {
  return new BerthError('guest_failed', reason)
}
