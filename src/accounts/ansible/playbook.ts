/** Runs Ansible playbooks on containers. */
import { access, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { BerthError, reasonOf } from '../../domain/errors.ts'
import type { Outcomes, Target } from '../../ports/accounts.ts'
import type { Clock } from '../../ports/clock.ts'
import { allFailed } from '../per-target.ts'
import { END, findLeftovers, hasVariable, type PlaybookFiles, type Variables, writePlaybookFiles } from './files.ts'
import { OutputFiles } from './output-files.ts'
import { describeRun, outcomesOf, parseReport } from './report.ts'
import { runCommand } from './process.ts'

/** Maximum number of containers that a run works on at once. */
const MAX_FORKS = 20
const LEFTOVER_TIMEOUT_MS = 10_000

/**
 * Starts ansible-playbook and then removes the run's directory ($0), even if the manager was killed meanwhile. It is
 * part of the run's process group. The lock, which all processes of the run inherit, keeps `removeLeftovers` away.
 */
const RUN_AND_REMOVE = `
tools=$PATH:/usr/bin:/bin
umask 077
exec 9<"$0" && PATH=$tools flock --shared 9
PATH=$tools cat >"$0/variables.yml"
if [ "$(PATH=$tools tail -n 1 "$0/variables.yml")" = ${END} ]; then ansible-playbook "$@" </dev/null; fi
code=$?
PATH=$tools rm -rf -- "$0"
exit "$code"`
/** Minimum number of characters of a secret. Hashes of passwords and keys are longer. */
const MIN_SECRET_CHARACTERS = 16
/** Exit code of a shell for a program that it does not find. */
const NOT_FOUND = 127

export interface PlaybookRun {
  readonly targets: readonly Target[]
  /** Absolute, or relative to `playbookDir`. */
  readonly playbook: string
  /**
   * Taken literally, never as templates. May be secret: they travel on stdin into a file that only our user can read.
   */
  readonly variables?: Variables
  readonly timeoutMs: number
}

export interface Ansible {
  /**
   * Runs a playbook once for all targets. Never rejects: an error is the outcome of a target, as `guest_failed`, or
   * `cancelled` by `close`.
   */
  run(run: PlaybookRun): Promise<Outcomes>
  /** Ends all current runs. */
  close(): Promise<void>
}

export interface AnsibleOptions {
  /** Folder of `create-users.yml`. */
  readonly playbookDir: string
  /** The environment of ansible-playbook: PATH, HOME and the engine's variables. */
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  /** Folder for the output of runs that fail; null to keep none. */
  readonly outputDir: string | null
  /** Returns a container's connection variables; see `Engine.ansibleConnection`. */
  readonly connectionOf: (id: string) => Readonly<Record<string, string>>
}

export function openAnsible({ playbookDir, env, clock, outputDir, connectionOf }: AnsibleOptions): Ansible {
  const outputs = outputDir === null ? null : new OutputFiles(outputDir)
  const closing = new AbortController()
  const stopping = new BerthError('cancelled', 'Berth is stopping')
  const running = new Set<Promise<Outcomes>>()

  async function run({ targets, playbook, variables = {}, timeoutMs }: PlaybookRun): Promise<Outcomes> {
    const path = resolve(playbookDir, playbook)
    let files: PlaybookFiles | undefined
    try {
      // At a restart right after a kill of everything, the start finds them too young.
      await removeLeftovers(env, clock())
      await access(path)
      if (hasVariable(path))
        throw new Error(`${path}: Ansible would expand "$…" in this path; move or rename its folder`)
      const hosts = targets.map(({ id, name }) => ({ name, connection: connectionOf(id) }))
      files = await writePlaybookFiles(hosts, path, variables)
      const variablesFile = `@${files.directory}/variables.yml`
      const { code, stdout, stderr } = await runCommand({
        file: '/bin/sh',
        args: ['-c', RUN_AND_REMOVE, files.directory, '-i', files.inventory, '-e', variablesFile, files.playbook],
        input: files.variables,
        cwd: dirname(path),
        env: { ...env, ...settings(files.directory, Math.min(targets.length, MAX_FORKS)) },
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]),
      })
      if (code === NOT_FOUND) {
        throw new Error(`ansible-playbook cannot be started for ${playbook}: run \`just setup\` to install Ansible`)
      }
      const report = parseReport(stdout)
      const outcomes = report
        ? outcomesOf(report, targets)
        : allFailed(targets, new BerthError('guest_failed', firstError(stderr || stdout)))
      if (!outputs) return outcomes
      const head = `${playbook}, ${new Date(clock()).toISOString()}\n\n`
      return keepOutput(outputs, outcomes, (host) =>
        hide(variables, [head, report ? describeRun(report, host) : stdout, stderr].join('\n')),
      )
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
      running.add(outcomes)
      return outcomes.finally(() => running.delete(outcomes))
    },
    async close() {
      closing.abort(stopping)
      await Promise.all(running)
    },
  }
}

/**
 * Removes the directories of runs that were killed, or that a stop of the machine interrupted; not those of current
 * runs.
 */
export async function removeLeftovers(env: NodeJS.ProcessEnv, now: number): Promise<void> {
  for (const directory of await findLeftovers(now)) {
    await runCommand({
      file: 'flock',
      args: ['--nonblock', directory, 'rm', '-rf', '--', directory],
      cwd: '/',
      env,
      input: '',
      signal: AbortSignal.timeout(LEFTOVER_TIMEOUT_MS),
    }).catch(() => undefined)
  }
}

/** Settings that override every ansible.cfg, because the report and our secrets depend on them. */
function settings(directory: string, forks: number): NodeJS.ProcessEnv {
  return {
    ANSIBLE_CONFIG: undefined, // the one beside the playbook, if there is one
    TMPDIR: directory, // files of a killed run are removed with it
    LC_ALL: 'C.UTF-8', // Ansible refuses to start in any other encoding
    ANSIBLE_CALLBACKS_ENABLED: '', // other callbacks would print into the report
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

/** Keeps the output for each host that failed, with its path in the error. Removes that of hosts that succeeded. */
async function keepOutput(
  outputs: OutputFiles,
  outcomes: Outcomes,
  outputOf: (host: string) => string,
): Promise<Outcomes> {
  const kept = [...outcomes].map(async ([name, error]): Promise<[string, Error | null]> => {
    if (error === null) {
      await outputs.remove(name)
      return [name, null]
    }
    const where = await outputs.keep(name, outputOf(name))
    return [name, new BerthError('guest_failed', `${error.message}. ${where}`, { cause: error })]
  })
  return new Map(await Promise.all(kept))
}

/** Hides the values of our variables in an output: some are secrets. Short values are not, and occur in other words. */
function hide(variables: Variables, output: string): string {
  const texts = Object.values(variables).flatMap((value) => (typeof value === 'boolean' ? [] : value))
  return texts
    .filter((text) => text.length >= MIN_SECRET_CHARACTERS)
    .reduce((hidden, text) => hidden.replaceAll(text, '[hidden]'), output)
}

/** Returns the message with which Ansible stopped, without the warnings before it. */
function firstError(output: string): string {
  const start = output.indexOf('ERROR')
  return reasonOf(output.slice(Math.max(start, 0))) || 'ansible-playbook printed no error'
}

function explain(error: unknown, playbook: string, timeoutMs: number): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return `${playbook} was stopped: it did not end within ${Math.round(timeoutMs / 1000)} s`
  }
  return reasonOf(error)
}
