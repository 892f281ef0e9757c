/** Reads what the stdout callback ansible.posix.json prints at the end of a run. */
import { BerthError } from '../core/errors.ts'
import type { Outcomes, Target } from '../core/ports.ts'
import { finishedPlay } from './playbook-files.ts'

interface Report {
  readonly plays: readonly Play[]
}

interface Play {
  readonly play: { readonly name: string }
  readonly tasks: readonly { readonly task: { readonly name: string }; readonly hosts: Record<string, TaskResult> }[]
}

/** Of one task on one host. Which fields there are is up to the module. */
interface TaskResult {
  readonly failed?: boolean
  readonly unreachable?: boolean
  readonly msg?: unknown
  readonly stderr?: unknown
  readonly results?: readonly TaskResult[]
}

/** null when the run ended before there was a report (a playbook that cannot be parsed). */
export function parseReport(stdout: string): Report | null {
  const start = stdout.indexOf('{')
  if (start < 0) return null
  try {
    return JSON.parse(stdout.slice(start)) as Report
  } catch {
    return null
  }
}

/** A target is done when it took part in the playbook and reached the play behind it. */
export function outcomesOf({ plays }: Report, targets: readonly Target[]): Outcomes {
  const finished = plays.filter(({ play }) => play.name === finishedPlay)
  const playbook = plays.filter(({ play }) => play.name !== finishedPlay)
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

/** The last one: earlier failures were ignored or rescued. */
function lastFailure(plays: readonly Play[], host: string): string | undefined {
  for (const { task, hosts } of plays.flatMap(({ tasks }) => tasks).toReversed()) {
    const result = hosts[host]
    if (result?.failed || result?.unreachable) return `task "${task.name}": ${messageOf(result)}`
  }
  return undefined
}

/** In a loop, the items say more than the task ("One or more items failed"); of a command, its stderr does. */
function messageOf(result: TaskResult): string {
  const item = result.results?.find(({ failed }) => failed)
  if (item) return messageOf(item)
  const texts = [result.msg, result.stderr].filter((text) => typeof text === 'string' && text.trim() !== '')
  return texts.join(': ') || 'failed without a message'
}

function failure(reason: string): BerthError {
  return new BerthError('guest_failed', reason)
}
