import { Duplex } from 'node:stream'
import type { Docker } from './client.ts'
import { beginExec } from './exec.ts'
import { Frames } from './frames.ts'

/** A process without a terminal: writing is its stdin, reading returns its stdout without Docker's frames. */
export class StdoutStream extends Duplex {
  readonly #socket: Duplex
  readonly #frames = new Frames()

  private constructor(socket: Duplex) {
    super()
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.once('error', (error: Error) => this.destroy(error))
    socket.once('end', () => this.push(null))
    socket.once('close', () => this.destroy())
  }

  /** Attaches to the container's main process. Throws Docker's answer when it is not running. */
  static async attach(docker: Docker, id: string, signal: AbortSignal): Promise<StdoutStream> {
    // With stdin, also if nothing is written: otherwise Docker would not notice that the connection is closed.
    const query = { stream: true, stdin: true, stdout: true }
    return StdoutStream.#begin(await docker.upgrade(`/containers/${id}/attach`, { query, signal }), signal)
  }

  /** Starts a command that ends with this stream. Throws Docker's answer when the container is not running. */
  static async start(
    docker: Docker,
    container: string,
    command: readonly string[],
    signal: AbortSignal,
  ): Promise<StdoutStream> {
    const { socket } = await beginExec(docker, container, { command, stdin: true }, signal)
    return StdoutStream.#begin(socket, signal)
  }

  static #begin(socket: Duplex, signal: AbortSignal): StdoutStream {
    const stream = new StdoutStream(socket)
    // Followed by `close`, which is enough to know.
    stream.on('error', () => undefined)
    // The caller has given up.
    if (signal.aborted) stream.destroy()
    signal.throwIfAborted()
    return stream
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, encoding, done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }

  #take(chunk: Buffer): void {
    for (const { output, bytes } of this.#frames.read(chunk)) {
      if (output === 'stdout' && bytes.length > 0 && !this.push(bytes)) this.#socket.pause()
    }
  }
}
