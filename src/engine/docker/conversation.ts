import type { Duplex } from 'node:stream'
import type { Docker } from './connection.ts'
import { Demultiplexer, OUTPUT_LIMIT } from './demux.ts'
import { beginExec } from './exec.ts'

/** With what runs in a container, reads its stdin and writes to its stdout. */
export class Conversation {
  readonly #socket: Duplex
  /** Of nothing that was said before we said something, nor before what we said last. */
  #said: Demultiplexer | null = null
  /** When nothing more will be said. */
  readonly over: Promise<void>
  #open = true
  /** Of whoever is looking for something: more was said, or nothing more will be. */
  #wake = () => {}

  private constructor(socket: Duplex) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      // Docker tells everybody everything: somebody else has begun one, and whoever is in there now may say no end of it.
      if (this.#said === null) this.close()
      else this.#said.write(chunk)
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

  /** With what the container was started for. Throws what Docker answers when that is not running. */
  static async attach(docker: Docker, id: string, signal: AbortSignal): Promise<Conversation> {
    const query = { stream: true, stdin: true, stdout: true }
    return Conversation.#begin(await docker.upgrade(`/containers/${id}/attach`, { query, signal }), signal)
  }

  /** With a command of its own, that ends when this is closed. Throws what Docker answers when the container is not running. */
  static async start(
    docker: Docker,
    container: string,
    command: readonly string[],
    signal: AbortSignal,
  ): Promise<Conversation> {
    const { socket } = await beginExec(docker, container, { command, stdin: true }, signal)
    return Conversation.#begin(socket, signal)
  }

  static #begin(socket: Duplex, signal: AbortSignal): Conversation {
    const conversation = new Conversation(socket)
    // Nobody waits for it any more.
    if (signal.aborted) conversation.close()
    signal.throwIfAborted()
    return conversation
  }

  say(text: string): void {
    this.#said = new Demultiplexer(OUTPUT_LIMIT)
    this.#socket.write(text)
  }

  /**
   * In what was said since we said something, or will be; null when it was not, until the signal or until nothing more will be
   * said. One at a time.
   */
  async find(pattern: RegExp, signal: AbortSignal): Promise<RegExpExecArray | null> {
    for (;;) {
      const found = pattern.exec(this.#said?.outputs().stdout ?? '')
      if (found || !this.#open || signal.aborted) return found
      // Not a race with `over`: that is long in coming, and keeps everything that ever waited for it.
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
