/** Streams of commands that were abandoned because they wrote too much or did not end in time. */
import type { Duplex } from 'node:stream'

/**
 * Interval of reads of up to 64 KiB. Docker cannot end such a command. Without a connected reader, it reads and drops
 * all that the command writes, as fast as it can: half a core while the container runs.
 */
const READ_INTERVAL_MS = 100

/** Keeps these streams open by container id, and reads them slowly, so that a command that writes without end waits. */
export class Abandoned {
  readonly #streams = new Map<string, Set<Duplex>>()

  /** Returns whether such a command may still run in the container. */
  has(id: string): boolean {
    return this.#streams.has(id)
  }

  /** Takes over the stream until its command ends, at the latest with the container. */
  add(id: string, stream: Duplex): void {
    const here = this.#streams.get(id) ?? new Set()
    this.#streams.set(id, here.add(stream))
    const forget = () => {
      stream.destroy()
      here.delete(stream)
      if (here.size === 0) this.#streams.delete(id)
    }
    stream.once('close', forget).once('end', forget)
    stream.removeAllListeners('data')
    stream.on('data', () => {
      stream.pause()
      setTimeout(() => stream.resume(), READ_INTERVAL_MS).unref()
    })
    stream.resume()
    if (stream.closed || stream.readableEnded) forget()
  }

  close(): void {
    for (const here of this.#streams.values()) for (const stream of here) stream.destroy()
  }
}
