import { once } from 'node:events'
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

  private constructor(socket: Duplex) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      // Docker tells everybody everything: somebody else has begun one, and whoever is in there now may say no end of it.
      if (this.#said === null) this.close()
      else this.#said.write(chunk)
    })
    socket.once('error', () => socket.destroy())
    this.over = new Promise((resolve) => {
      socket.once('close', resolve).once('end', resolve)
    })
    void this.over.then(() => {
      this.#open = false
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

  /** In what was said so far or will be; null when it was not, until the signal or until nothing more will be said. */
  async find(pattern: RegExp, signal: AbortSignal): Promise<RegExpExecArray | null> {
    for (;;) {
      const found = pattern.exec(this.#said?.outputs().stdout ?? '')
      if (found || !this.#open || signal.aborted) return found
      await Promise.race([once(this.#socket, 'data', { signal }), this.over]).catch(() => undefined)
    }
  }

  close(): void {
    this.#socket.destroy()
  }
}
