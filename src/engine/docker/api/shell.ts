import { randomBytes } from 'node:crypto'
import { BerthError, reasonOf } from '../../../domain/errors.ts'
import type { Docker } from './client.ts'
import type { Requests } from './requests.ts'
import { ProcessStream } from '../../guest/process-stream.ts'
import { StdoutStream } from './stdout-stream.ts'

/**
 * Maximum wait for the answer of a shell that was open before. It takes a few milliseconds, and more on a busy host.
 * After that the request goes to a new shell.
 */
const ANSWER_MS = 1_000

export interface KeptShellOptions {
  /** Name of the container. */
  readonly container: string
  /**
   * Reads requests from its stdin, one per line: "<id> <request>". Ends each answer with "berth-done <id> <exit code>".
   * Asked for each time the shell is opened.
   */
  readonly command: () => readonly string[]
  /** Bounds opening the shell, and each request. */
  readonly deadlineMs: number
}

interface Answer {
  readonly code: number
  readonly output: string
}

/**
 * A shell in a container, opened before it is needed: starting an exec takes Docker ten times as long as most answers.
 * Ends with the connection of the process that opened it, even after kill -9.
 */
export class KeptShell {
  readonly #docker: Docker
  readonly #requests: Requests
  readonly #options: KeptShellOptions
  #stream: Promise<ProcessStream> | null = null
  /** Whether the shell stays open after a request. */
  #isKept = false
  #queue: Promise<unknown> = Promise.resolve()

  constructor(docker: Docker, requests: Requests, options: KeptShellOptions) {
    this.#docker = docker
    this.#requests = requests
    this.#options = options
  }

  /** Opens the shell and keeps it open. Never fails: the next request tries again. */
  async open(): Promise<void> {
    this.#isKept = true
    await this.#connect().catch(() => undefined)
  }

  /**
   * Sends a request after those before it were answered; `line` is asked for then. It may be carried out twice: when
   * the shell does not answer, another one is opened and gets it, too. Throws `engine_unavailable`: no tenant's
   * container is to blame.
   */
  async request(what: string, line: () => string): Promise<Answer> {
    const answer = this.#queue.then(() =>
      this.#requests.run(what, this.#options.deadlineMs, (signal) => this.#sendOrReopen(line(), signal)),
    )
    this.#queue = answer.catch(() => undefined)
    return answer.catch((cause: unknown) => {
      throw new BerthError('engine_unavailable', reasonOf(cause), { cause })
    })
  }

  close(): void {
    const stream = this.#stream
    this.#stream = null
    void stream?.then((open) => open.close()).catch(() => undefined)
  }

  async #sendOrReopen(line: string, signal: AbortSignal): Promise<Answer> {
    const usual = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])
    const answer = (this.#stream && (await this.#send(line, usual))) ?? (await this.#send(line, signal))
    if (answer === null) throw new BerthError('engine_unavailable', `the shell in ${this.#options.container} has ended`)
    return answer
  }

  /** Returns null when the shell ends, or the signal aborts. */
  async #send(line: string, signal: AbortSignal): Promise<Answer | null> {
    const id = randomBytes(8).toString('hex')
    const stream = await this.#connect()
    // A line that the caller has given up on must not be carried out.
    if (signal.aborted) return null
    stream.write(`${id} ${line}\n`)
    const found = await stream.waitFor(new RegExp(`^([^]*)berth-done ${id} (\\d+)\n`), signal)
    // A shell that does not answer may be stuck or disconnected.
    if (!found || !this.#isKept) this.close()
    return found && { output: found[1] ?? '', code: Number(found[2]) }
  }

  async #connect(): Promise<ProcessStream> {
    if (this.#stream !== null) return this.#stream
    const { container, command, deadlineMs } = this.#options
    const opening = this.#requests.run(
      `open a shell in ${container}`,
      deadlineMs,
      async (signal) => new ProcessStream(await StdoutStream.start(this.#docker, container, command(), signal)),
    )
    this.#stream = opening
    const drop = () => {
      if (this.#stream === opening) this.#stream = null
    }
    void opening.then((stream) => stream.over).then(drop, drop)
    return opening
  }
}
