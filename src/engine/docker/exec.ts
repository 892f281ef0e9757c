import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type Docker from 'dockerode'
import { BerthError, reasonOf } from '../../core/errors.ts'
import type { ExecRequest, ExecResult } from '../../core/ports.ts'
import { Demultiplexer } from './demux.ts'
import { answerOf, statusOf } from './errors.ts'

/** Bytes kept of each output. */
const OUTPUT_LIMIT = 1024 * 1024

/**
 * Runs a command in three round trips: make the exec, start it (its socket becomes the command's stdin and outputs),
 * ask for the exit code. Past the deadline nobody is told to stop: Docker cannot end an exec, and the container of a stuck
 * one is replaced.
 */
export async function execute(
  container: Docker.Container,
  { command, stdin }: ExecRequest,
  signal: AbortSignal,
): Promise<ExecResult> {
  const running = await startCommand(container, { command, hasStdin: stdin !== undefined }, signal)
  return running.finish(stdin, signal)
}

/** `guest_failed` when the container is not running, or went away meanwhile: that is all that Docker refuses here. */
export async function startCommand(
  container: Docker.Container,
  { command, hasStdin }: { readonly command: readonly string[]; readonly hasStdin: boolean },
  signal: AbortSignal,
): Promise<RunningCommand> {
  return blamingGuest(async () => {
    const exec = await container.exec({
      Cmd: [...command],
      AttachStdin: hasStdin,
      AttachStdout: true,
      AttachStderr: true,
      abortSignal: signal,
    })
    return new RunningCommand(exec, await exec.start({ hijack: true, stdin: false, abortSignal: signal }))
  })
}

/** A command of which the socket is held. */
export class RunningCommand {
  readonly #exec: Docker.Exec
  readonly #socket: Duplex
  /** Resolves when nothing more is heard of it. */
  readonly ended: Promise<void>
  #outputs = new Demultiplexer(OUTPUT_LIMIT)
  #over = false

  constructor(exec: Docker.Exec, socket: Duplex) {
    this.#exec = exec
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#outputs.write(chunk))
    this.ended = new Promise((resolve) => {
      socket.once('close', resolve).once('end', resolve)
    })
    socket.once('error', () => socket.destroy())
    void this.ended.then(() => {
      this.#over = true
    })
  }

  get over(): boolean {
    return this.#over
  }

  /** Resolves with what it has written before its first NUL. */
  async saidFirst(signal: AbortSignal): Promise<string> {
    for (;;) {
      const { stdout, stderr } = this.#outputs.outputs()
      const end = stdout.indexOf('\0')
      if (end >= 0) {
        this.#outputs = new Demultiplexer(OUTPUT_LIMIT)
        return stdout.slice(0, end)
      }
      if (this.#over) throw new BerthError('guest_failed', reasonOf(stderr) || 'the command ended at once')
      await Promise.race([once(this.#socket, 'data', { signal }), this.ended])
    }
  }

  /** Writes stdin, half-closes, and reads until the command's outputs end. */
  async finish(stdin: string | undefined, signal: AbortSignal): Promise<ExecResult> {
    try {
      signal.throwIfAborted()
      if (stdin !== undefined) this.#socket.end(stdin)
      await Promise.race([this.ended, once(signal, 'abort')])
      signal.throwIfAborted()
    } finally {
      this.#socket.destroy()
    }
    const code = await blamingGuest(() => exitCode(this.#exec, signal))
    return { code, ...this.#outputs.outputs() }
  }

  /** Writes stdin, half-closes, and waits for a NUL, after which there is nothing left to do but to end; or for that end. */
  async answer(stdin: string, signal: AbortSignal): Promise<ExecResult> {
    this.#socket.end(stdin)
    const said = await this.saidFirst(signal).catch(() => null)
    if (said !== null) return { code: 0, stdout: said, stderr: this.#outputs.outputs().stderr }
    return this.finish(undefined, signal)
  }

  /** Docker closes its stdin. */
  abandon(): void {
    this.#socket.destroy()
  }
}

async function blamingGuest<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const status = statusOf(error)
    if (status === 404 || status === 409) throw new BerthError('guest_failed', answerOf(error), { cause: error })
    throw error
  }
}

/**
 * Docker may close the outputs a moment before it has noted the end of the command, or the command closed them early.
 */
async function exitCode(exec: Docker.Exec, signal: AbortSignal): Promise<number> {
  for (let pause = 2; ; pause = Math.min(pause * 2, 100)) {
    const { Running, ExitCode } = await exec.inspect({ abortSignal: signal })
    if (!Running && ExitCode !== null) return ExitCode
    await sleep(pause, undefined, { signal })
  }
}
