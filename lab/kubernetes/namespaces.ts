/**
 * Namespaces for processes, mounts and network. They and everything in them end with their first process, which ends
 * with this process, however that happens: nothing has to be found and ended later.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { promisify } from 'node:util'

const exec = promisify(execFile)
const KINDS = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc']

export class Namespaces {
  /** Process id of the first process, as seen from here. */
  readonly pid: number
  readonly #keeper: ChildProcess

  private constructor(keeper: ChildProcess, pid: number) {
    this.#keeper = keeper
    this.pid = pid
  }

  /** Opens namespaces, here or within other ones, and runs the lines of a shell script in them. */
  static async open(script: readonly string[], within?: Namespaces): Promise<Namespaces> {
    // The first process waits for the end of its stdin, which is a pipe from here, and reaps orphans meanwhile.
    const lines = [...script, 'ip link set lo up', 'echo open', 'exec docker-init -- cat >/dev/null'].join('\n')
    const command = ['unshare', ...KINDS, 'sh', '-euc', lines]
    const [program = '', ...args] = within ? ['nsenter', ...within.#enter(), ...command] : command
    // Detached: Ctrl-C must not end it before what it contains was removed.
    const keeper = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], detached: true })
    keeper.stdout.on('error', () => undefined)
    keeper.once('exit', (code) => keeper.stdout.destroy(new Error(`no namespaces: ${program} ended with ${code}`)))
    await once(keeper.stdout, 'data')
    for (const handle of [keeper, keeper.stdin, keeper.stdout]) (handle as ChildProcess | Socket).unref()
    // nsenter has a child, unshare, whose child is the first process.
    const unshared = within ? childOf(keeper.pid ?? 0) : keeper.pid
    return new Namespaces(keeper, childOf(unshared ?? 0))
  }

  get isOpen(): boolean {
    return this.#keeper.exitCode === null && this.#keeper.signalCode === null
  }

  /** Runs a program, and returns its output, trimmed. */
  async run(...command: string[]): Promise<string> {
    const { stdout } = await exec('nsenter', [...this.#enter(), ...command], { timeout: 120_000 })
    return stdout.trim()
  }

  /** Runs a program of this machine's process namespace in the network of these: it takes process ids from here. */
  async runInNetwork(...command: string[]): Promise<void> {
    await exec('nsenter', ['--target', String(this.pid), '--net', '--', ...command], { timeout: 120_000 })
  }

  /** Starts a program that writes its output to a file. */
  start(command: readonly string[], logFile: string): Program {
    const log = openSync(logFile, 'a')
    const helper = spawn('nsenter', [...this.#enter(), ...command], { stdio: ['ignore', log, log], detached: true })
    closeSync(log)
    helper.unref()
    return new Program(helper, logFile)
  }

  /** Kills the first process, and by that all of them at once, like a machine that loses power. */
  async kill(): Promise<void> {
    if (!this.isOpen) return
    this.#keeper.ref()
    const ended = once(this.#keeper, 'exit')
    process.kill(this.pid, 'SIGKILL')
    await ended
  }

  #enter(): string[] {
    return ['--target', String(this.pid), '--mount', '--net', '--pid', '--']
  }
}

/** A program in namespaces. */
export class Program {
  readonly #helper: ChildProcess
  readonly #logFile: string

  constructor(helper: ChildProcess, logFile: string) {
    this.#helper = helper
    this.#logFile = logFile
  }

  get hasEnded(): boolean {
    return this.#helper.exitCode !== null || this.#helper.signalCode !== null
  }

  /** The end of its log, for messages of failures. */
  logTail(): string {
    return readFileSync(this.#logFile, 'utf8').split('\n').slice(-20).join('\n')
  }

  /** Resolves when it has ended. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.hasEnded) return
    this.#helper.ref()
    const ended = once(this.#helper, 'exit')
    this.signal(signal)
    await ended
  }

  /** Sends a signal, e.g. SIGSTOP. */
  signal(signal: NodeJS.Signals): void {
    process.kill(childOf(this.#helper.pid ?? 0), signal)
  }
}

/** Returns the only child of a process. */
function childOf(pid: number): number {
  const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim())
  if (!Number.isInteger(child) || child === 0) throw new Error(`process ${pid} must have one child`)
  return child
}
