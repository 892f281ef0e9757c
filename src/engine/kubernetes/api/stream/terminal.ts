/** A command on a terminal in a container. */
import { Duplex } from 'node:stream'
import type { TerminalSize } from '../../../../domain/terminal/terminal.ts'
import type { Shell } from '../../../../ports/shell.ts'
import type { Connection } from '../connection.ts'
import { asGuestError } from '../errors.ts'
import { CHANNEL, Channels, type Listener, pathOf, type Target } from './channels.ts'
import { exitCodeOf, readStatus } from './exit-code.ts'

/** Starts the command. Resolves when it has a terminal; it does not end with this connection. */
export async function openTerminal(
  connection: Connection,
  target: Target,
  command: readonly string[],
  signal: AbortSignal,
): Promise<Shell> {
  const query = { container: target.container, command, stdin: true, stdout: true, stderr: false, tty: true }
  const stream = new TerminalStream()
  stream.on('error', () => stream.destroy())
  const opened = Channels.open(connection, pathOf(target, 'exec'), query, stream, signal)
  const channels = await opened.catch((error: unknown) => {
    throw asGuestError(error)
  })
  stream.use(channels)
  channels.keepAlive()
  if (signal.aborted) stream.destroy()
  return {
    stream,
    ended: stream.ended,
    resize: async ({ cols, rows }: TerminalSize) => stream.resize(cols, rows),
    close: () => void stream.destroy(),
  }
}

class TerminalStream extends Duplex implements Listener {
  readonly ended: Promise<number | null>
  readonly #end: (code: number | null) => void
  #channels: Channels | null = null

  constructor() {
    super()
    const { promise, resolve } = Promise.withResolvers<number | null>()
    this.ended = promise
    this.#end = resolve
  }

  use(channels: Channels): void {
    this.#channels = channels
  }

  resize(cols: number, rows: number): void {
    if (this.destroyed) return
    this.#channels?.send(CHANNEL.resize, Buffer.from(JSON.stringify({ Width: cols, Height: rows })), () => undefined)
  }

  onMessage(channel: number, bytes: Buffer): void {
    if (channel === CHANNEL.status) this.#end(exitCodeOf(readStatus(bytes)))
    else if (channel === CHANNEL.stdout && bytes.length > 0 && !this.push(bytes)) this.#channels?.pause()
  }

  onClose(): void {
    this.#end(null)
    this.push(null)
    this.end()
  }

  override _read(): void {
    this.#channels?.resume()
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#channels === null) done()
    // What is typed after the end is lost.
    else this.#channels.send(CHANNEL.stdin, chunk, () => done())
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#end(null)
    this.#channels?.terminate()
    done(error)
  }
}
