import { EscapeReader } from '../../domain/terminal/escape-sequences.ts'

/** Maximum output that is kept for later viewers. */
export const KEPT_BYTES = 256 * 1024
/** Most terminals print little. */
const INITIAL_BYTES = 4 * 1024

/** The latest output of a terminal. Positions count the bytes since its start. */
export class OutputRing {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES)
  #start = 0
  #end = 0
  /** Has read everything before `#start`. */
  readonly #dropped = new EscapeReader()

  /** Position of the oldest byte that is kept. */
  get start(): number {
    return this.#start
  }

  /** Position after the latest byte. */
  get end(): number {
    return this.#end
  }

  append(chunk: Uint8Array): void {
    for (let done = 0; done < chunk.length; ) {
      const part = chunk.subarray(done, done + KEPT_BYTES)
      this.#makeRoom(part.length)
      const at = this.#end % this.#bytes.length
      const untilEdge = this.#bytes.length - at
      this.#bytes.set(part.subarray(0, untilEdge), at)
      this.#bytes.set(part.subarray(untilEdge), 0)
      this.#end += part.length
      done += part.length
    }
  }

  /** Returns a copy of up to `most` bytes, from a position between `start` and `end`. */
  read(from: number, most: number): Buffer {
    const length = Math.min(most, this.#end - from)
    const at = from % this.#bytes.length
    const first = this.#bytes.subarray(at, Math.min(at + length, this.#bytes.length))
    return Buffer.concat([first, this.#bytes.subarray(0, length - first.length)])
  }

  /** Returns the first position that is not within a character or an escape sequence. */
  safeStart(): number {
    const reader = this.#dropped.copy()
    for (let position = this.#start; position < this.#end; position += 1) {
      const byte = this.#at(position)
      if (reader.canBeginWith(byte)) return position
      reader.read(byte)
    }
    return this.#end
  }

  #at(position: number): number {
    return this.#bytes[position % this.#bytes.length] ?? 0
  }

  #makeRoom(wanted: number): void {
    const needed = this.#end - this.#start + wanted
    if (needed > this.#bytes.length && this.#bytes.length < KEPT_BYTES) this.#grow(needed)
    const start = this.#end + wanted - this.#bytes.length
    for (; this.#start < start; this.#start += 1) this.#dropped.read(this.#at(this.#start))
  }

  /** Doubles the capacity until this many bytes fit, or it is KEPT_BYTES. */
  #grow(needed: number): void {
    let capacity = this.#bytes.length
    while (capacity < needed && capacity < KEPT_BYTES) capacity *= 2
    const kept = this.read(this.#start, this.#end - this.#start)
    this.#bytes = Buffer.allocUnsafeSlow(capacity)
    for (const [index, byte] of kept.entries()) this.#bytes[(this.#start + index) % capacity] = byte
  }
}
