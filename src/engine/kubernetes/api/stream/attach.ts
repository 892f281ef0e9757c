/** The main process of a container: its stdin and stdout as one stream. */
import { Duplex } from 'node:stream'
import type { Connection } from '../connection.ts'
import { asGuestError } from '../errors.ts'
import { CHANNEL, Channels, type Listener, pathOf, type Target } from './channels.ts'

/**
 * Attaches to the main process, which must have been made with `stdin: true`, and `stdinOnce: false` so that it can be
 * attached to again. The stream ends with the container, and fails when the connection is lost. Closing it leaves the
 * process alone.
 */
export async function attach(connection: Connection, target: Target, signal: AbortSignal): Promise<Duplex> {
  const query = { container: target.container, stdin: true, stdout: true, stderr: false }
  const stream = new AttachedStream()
  // Followed by `close`, which is enough to know.
  stream.on('error', () => undefined)
  const opened = Channels.open(connection, pathOf(target, 'attach'), query, stream, signal)
  const channels = await opened.catch((error: unknown) => {
    throw asGuestError(error)
  })
  stream.use(channels)
  channels.keepAlive()
  if (signal.aborted) stream.destroy()
  return stream
}

class AttachedStream extends Duplex implements Listener {
  #channels: Channels | null = null

  use(channels: Channels): void {
    this.#channels = channels
  }

  onMessage(channel: number, bytes: Buffer): void {
    // The status says why the process or the connection has ended: the close follows.
    if (channel === CHANNEL.stdout && bytes.length > 0 && !this.push(bytes)) this.#channels?.pause()
  }

  onClose(error: Error | null): void {
    if (error !== null) return void this.destroy(error)
    this.push(null)
    this.end()
  }

  override _read(): void {
    this.#channels?.resume()
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#channels === null) done(new Error('not open'))
    else this.#channels.send(CHANNEL.stdin, chunk, done)
  }

  override _final(done: () => void): void {
    // stdin cannot be ended: the process lives until its container does.
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#channels?.terminate()
    done(error)
  }
}
