import { randomBytes } from 'node:crypto'
import { BerthError } from '../../core/errors.ts'
import type { Calls } from './calls.ts'
import type { Docker } from './connection.ts'
import { Conversation } from './conversation.ts'
import { execute } from './exec.ts'
import { barrierChange, guardName } from './guard-spec.ts'

/** Runs each line as a transaction of nft, and says what came of it. */
const SHELL = [
  ...['/bin/sh', '-c'],
  `while read -r id change; do
     printf '%s\\n' "$change" | nft -f - 2>&1
     printf '\\nberth-loaded %s %s\\n' "$id" $?
   done`,
]
/**
 * Loading takes a few milliseconds, and more where the host is busy. In so many that should be enough, and leave an exec the
 * time that it takes.
 */
const LOAD_MS = 1_000

interface Change {
  readonly bar: readonly string[]
  readonly lift: readonly string[]
}

/**
 * Changes the barrier by way of a shell in the guard that was begun before anybody was to be barred: beginning an exec takes
 * Docker ten times as long as nft takes, and longest when many are to be cut off. Without the shell it takes an exec.
 */
export class GuardShell {
  readonly #docker: Docker
  readonly #calls: Calls
  readonly #instance: string
  readonly #deadlineMs: number
  #shell: Conversation | null = null
  #opening = false

  /** `deadlineMs`: for either, opening the shell and changing the barrier. */
  constructor(docker: Docker, calls: Calls, instance: string, deadlineMs: number) {
    this.#docker = docker
    this.#calls = calls
    this.#instance = instance
    this.#deadlineMs = deadlineMs
  }

  /** Opens the shell unless it is open. Nobody needs to wait for it. */
  async open(): Promise<void> {
    if (this.#shell !== null || this.#opening) return
    this.#opening = true
    try {
      const shell = await this.#calls.run('open a shell in the guard', this.#deadlineMs, (signal) =>
        Conversation.start(this.#docker, guardName(this.#instance), SHELL, signal),
      )
      this.#shell = shell
      void shell.over.then(() => this.#forget(shell))
    } catch {
      // It can be done without, and is tried again after the next change.
    } finally {
      this.#opening = false
    }
  }

  /**
   * What is barred leaves no byte in or out of the containers with these addresses, on no way; what is lifted is as others
   * are. One change at a time.
   */
  async change({ bar, lift }: Change): Promise<void> {
    const { code, output } = await this.#calls.run('bar from the network', this.#deadlineMs, async (signal) => {
      const change = barrierChange(this.#instance, bar, lift)
      return (await this.#ask(change, signal)) ?? (await this.#execute(change, signal))
    })
    if (code !== 0) throw new BerthError('engine_failed', `${guardName(this.#instance)} bars nobody: ${output.trim()}`)
  }

  close(): void {
    this.#shell?.close()
  }

  /** null when there is no shell, or none that answers. */
  async #ask(change: string, signal: AbortSignal): Promise<Loaded | null> {
    const shell = this.#shell
    if (shell === null) return null
    const id = randomBytes(8).toString('hex')
    shell.say(`${id} ${change}\n`)
    const within = AbortSignal.any([signal, AbortSignal.timeout(LOAD_MS)])
    const found = await shell.find(new RegExp(`([^]*)\nberth-loaded ${id} (\\d+)\n`), within)
    if (found) return { output: found[1] ?? '', code: Number(found[2]) }
    // It may be stuck, or hung up on; whoever is next gets another one.
    shell.close()
    this.#forget(shell)
    return null
  }

  async #execute(change: string, signal: AbortSignal): Promise<Loaded> {
    const request = { command: ['nft', '-f', '-'], stdin: change, timeoutMs: 0 }
    const { code, stdout, stderr } = await execute(this.#docker, guardName(this.#instance), request, signal)
    void this.open()
    return { code, output: stdout + stderr }
  }

  #forget(shell: Conversation): void {
    if (this.#shell === shell) this.#shell = null
  }
}

interface Loaded {
  readonly code: number
  /** Of nft. */
  readonly output: string
}
