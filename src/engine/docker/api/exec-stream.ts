import type { Duplex } from 'node:stream'
import type { Docker } from './client.ts'
import { Demultiplexer, MAX_OUTPUT_BYTES } from './demux.ts'
import { beginExec } from './exec.ts'

/** A connection to a process in a container: its stdin and its stdout. */
export class ExecStream {
  readonly #socket: Duplex
  /** Output since the latest `write`; null before the first. */
  #output: Demultiplexer | null = null
  /** Resolves when there will be no more output. */
  readonly over: Promise<void>
  #open = true
  /** Wakes `waitFor`: there is more output, or there will be no more. */
  #wake = () => {}

  private constructor(socket: Duplex) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      // Attach sends output to every client. Output before our first write is for another client, and may be endless.
      if (this.#output === null) this.close()
      else this.#output.write(chunk)
      this.#wake()
    })
    socket.once('error', () => socket.destroy())
    this.over = new Promise((resolve) => {
      socket.once('close', resolve).once('end', resolve)
    })
    void this.over.then(() => {
      this.#open = false
      this.#wake()
    })
  }

  /** Attaches to the container's main process. Throws Docker's answer when it is not running. */
  static async attach(docker: Docker, id: string, signal: AbortSignal): Promise<ExecStream> {
    const query = { stream: true, stdin: true, stdout: true }
    return ExecStream.#begin(await docker.upgrade(`/containers/${id}/attach`, { query, signal }), signal)
  }

  /** Starts a command that ends with this stream. Throws Docker's answer when the container is not running. */
  static async start(
    docker: Docker,
    container: string,
    command: readonly string[],
    signal: AbortSignal,
  ): Promise<ExecStream> {
    const { socket } = await beginExec(docker, container, { command, stdin: true }, signal)
    return ExecStream.#begin(socket, signal)
  }

  static #begin(socket: Duplex, signal: AbortSignal): ExecStream {
    const stream = new ExecStream(socket)
    // The caller has given up.
    if (signal.aborted) stream.close()
    signal.throwIfAborted()
    return stream
  }

  write(text: string): void {
    this.#output = new Demultiplexer(MAX_OUTPUT_BYTES)
    this.#socket.write(text)
  }

  /**
   * Returns the match in the output since the latest `write`, as soon as there is one; null when the signal aborts or
   * the output ends without it. One caller at a time.
   */
  async waitFor(pattern: RegExp, signal: AbortSignal): Promise<RegExpExecArray | null> {
    for (;;) {
      const found = pattern.exec(this.#output?.outputs().stdout ?? '')
      if (found || !this.#open || signal.aborted) return found
      // Not a race with `over`: a promise that is pending for long keeps everything that ever waited for it.
      const { promise: more, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const giveUp = () => resolve()
      signal.addEventListener('abort', giveUp)
      await more
      signal.removeEventListener('abort', giveUp)
    }
  }

  close(): void {
    this.#socket.destroy()
  }
}
