/** Runs Ansible playbooks on containers, over the engine's Docker connection. */
import { access, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { BerthError, reasonOf } from '../core/errors.ts'
import type { Outcomes, Target } from '../core/ports.ts'
import { allFailed } from './outcomes.ts'
import { type PlaybookFiles, type Variables, writePlaybookFiles } from './playbook-files.ts'
import { outcomesOf, parseReport } from './playbook-report.ts'
import { runCommand } from './process.ts'

const maxForks = 20

export interface PlaybookRun {
  readonly targets: readonly Target[]
  /** Absolute, or relative to `playbookDir`. */
  readonly playbook: string
  /** Taken literally, never as templates. May be secret: they travel in a file that only we can read. */
  readonly variables?: Variables
  readonly timeoutMs: number
}

export interface Ansible {
  /** One run for all targets. It never rejects: whatever goes wrong is some target's outcome, as `guest_failed`, or `cancelled` by `close`. */
  run(run: PlaybookRun): Promise<Outcomes>
  /** Ends the runs that are under way. */
  close(): Promise<void>
}

export interface AnsibleOptions {
  /** Where `create-users.yml` is. */
  readonly playbookDir: string
  /** The environment of ansible-playbook: PATH, HOME, DOCKER_HOST and the like. */
  readonly env: NodeJS.ProcessEnv
}

export function openAnsible({ playbookDir, env }: AnsibleOptions): Ansible {
  const closing = new AbortController()
  const stopping = new BerthError('cancelled', 'Berth is stopping')
  const underWay = new Set<Promise<Outcomes>>()

  async function run({ targets, playbook, variables = {}, timeoutMs }: PlaybookRun): Promise<Outcomes> {
    const path = resolve(playbookDir, playbook)
    let files: PlaybookFiles | undefined
    try {
      await access(path)
      files = await writePlaybookFiles(targets, path, variables)
      const { stdout, stderr } = await runCommand({
        file: 'ansible-playbook',
        args: ['-i', files.inventory, '-e', `@${files.variables}`, files.playbook],
        cwd: dirname(path),
        env: { ...env, ...settings(files.directory, Math.min(targets.length, maxForks)) },
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]),
      })
      const report = parseReport(stdout)
      if (report) return outcomesOf(report, targets)
      return allFailed(targets, new BerthError('guest_failed', firstError(stderr || stdout)))
    } catch (error) {
      if (closing.signal.aborted) return allFailed(targets, stopping)
      return allFailed(targets, new BerthError('guest_failed', explain(error, playbook, timeoutMs), { cause: error }))
    } finally {
      if (files) await rm(files.directory, { recursive: true, force: true })
    }
  }

  return {
    async run(request) {
      if (request.targets.length === 0) return new Map()
      const outcomes = run(request)
      underWay.add(outcomes)
      return outcomes.finally(() => underWay.delete(outcomes))
    },
    async close() {
      closing.abort(stopping)
      await Promise.all(underWay)
    },
  }
}

/** Ansible's own settings: stronger than any ansible.cfg, as the report and our secrets depend on them. */
function settings(directory: string, forks: number): NodeJS.ProcessEnv {
  return {
    ANSIBLE_CONFIG: undefined, // the one beside the playbook, if there is one
    TMPDIR: directory, // what a killed run forgets is removed with it
    LC_ALL: 'C.UTF-8', // Ansible refuses to start in any other encoding
    ANSIBLE_CALLBACKS_ENABLED: '', // others would print into the report
    ANSIBLE_FORKS: String(forks),
    ANSIBLE_INVENTORY_ENABLED: 'yaml',
    ANSIBLE_LOCAL_TEMP: directory,
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_PIPELINING: '1',
    ANSIBLE_PLAYBOOK_VARS_ROOT: 'all', // group_vars beside the pool's own playbook, though ours wraps it
    ANSIBLE_RETRY_FILES_ENABLED: '0',
    ANSIBLE_STDOUT_CALLBACK: 'ansible.posix.json',
  }
}

/** The message of Ansible's that stopped it, without the warnings before it. */
function firstError(output: string): string {
  const start = output.indexOf('ERROR')
  return reasonOf(output.slice(Math.max(start, 0))) || 'ansible-playbook said nothing'
}

function explain(error: unknown, playbook: string, timeoutMs: number): string {
  if (error instanceof Error && 'syscall' in error && String(error.syscall).startsWith('spawn')) {
    return `ansible-playbook cannot be started for ${playbook}: run \`just setup\` to install Ansible`
  }
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return `${playbook} was stopped: not done after ${Math.round(timeoutMs / 1000)} s`
  }
  return reasonOf(error)
}
