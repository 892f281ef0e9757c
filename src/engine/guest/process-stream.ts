import type { Duplex } from 'node:stream'
import { MAX_OUTPUT_BYTES } from '../bounded-requests.ts'

/** A connection to a process in a container: its stdin and its stdout. Output beyond `MAX_OUTPUT_BYTES` is dropped. */
export class ProcessStream {
  readonly #stream: Duplex
  /** Output since the latest `write`; null before the first. */
  #output: Buffer[] | null = null
  #room = 0
  /** Resolves when there will be no more output. */
  readonly over: Promise<void>
  #open = true
  /** Wakes `waitFor`: there is more output, or there will be no more. */
  #wake = () => {}

  constructor(stream: Duplex) {
    this.#stream = stream
    stream.on('data', (chunk: Buffer) => {
      // Attach sends output to every client. Output before our first write is for another client, and may be endless.
      if (this.#output === null) this.close()
      else this.#keep(this.#output, chunk)
      this.#wake()
    })
    stream.once('error', () => stream.destroy())
    this.over = new Promise((resolve) => {
      stream.once('close', resolve).once('end', resolve)
    })
    void this.over.then(() => {
      this.#open = false
      this.#wake()
    })
  }

  write(text: string): void {
    this.#output = []
    this.#room = MAX_OUTPUT_BYTES
    this.#stream.write(text)
  }

  /**
   * Returns the match in the output since the latest `write`, as soon as there is one; null when the signal aborts or
   * the output ends without it. One caller at a time.
   */
  async waitFor(pattern: RegExp, signal: AbortSignal): Promise<RegExpExecArray | null> {
    for (;;) {
      const found = pattern.exec(Buffer.concat(this.#output ?? []).toString('utf8'))
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
    this.#stream.destroy()
  }

  #keep(output: Buffer[], chunk: Buffer): void {
    const kept = chunk.subarray(0, this.#room)
    this.#room -= kept.length
    if (kept.length > 0) output.push(kept)
  }
}
