/**
 * After a lost connection the manager sends the latest output again. Output that is already on the screen is omitted,
 * so that the screen, its scrollback and a selection do not change.
 */

/** Amount of output that is kept to find the overlap. More than a command usually repeats exactly. */
const MAX_REMEMBERED_BYTES = 64 * 1024

type Bytes = Uint8Array<ArrayBuffer>

export class SeenOutput {
  #tail: Bytes = new Uint8Array(0)
  /** Whether the tail is everything since the shell began. */
  #complete = true

  get isEmpty(): boolean {
    return this.#tail.length === 0
  }

  add(output: Bytes): void {
    const seen = joined([this.#tail, output])
    if (seen.length > MAX_REMEMBERED_BYTES) this.#complete = false
    this.#tail = seen.slice(-MAX_REMEMBERED_BYTES)
  }

  forget(): void {
    this.#tail = new Uint8Array(0)
    this.#complete = true
  }

  /**
   * Returns what follows the seen output in `replay`, or null if the place was not found: too much was written
   * meanwhile, or the manager has restarted and knows the later output only. The earliest place counts: output may then
   * be shown twice, but none is left out.
   */
  unseenOf(replay: Bytes): Bytes | null {
    const tail = this.#tail
    if (this.#complete && startsWith(replay, tail)) return replay.subarray(tail.length)
    if (tail.length === 0) return null
    const at = indexOf(replay, tail)
    return at < 0 ? null : replay.subarray(at + tail.length)
  }
}

/** Returns the parts as one array. */
export function joined(parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function startsWith(bytes: Bytes, start: Bytes): boolean {
  return bytes.length >= start.length && start.every((byte, index) => bytes[index] === byte)
}

/** Knuth-Morris-Pratt, because a program that repeats the same bytes forever must not freeze the page. */
function indexOf(bytes: Bytes, wanted: Bytes): number {
  const borders = new Int32Array(wanted.length)
  for (let index = 1, length = 0; index < wanted.length; index++) {
    while (length > 0 && wanted[index] !== wanted[length]) length = borders[length - 1] ?? 0
    if (wanted[index] === wanted[length]) length++
    borders[index] = length
  }
  for (let index = 0, length = 0; index < bytes.length; index++) {
    while (length > 0 && bytes[index] !== wanted[length]) length = borders[length - 1] ?? 0
    if (bytes[index] === wanted[length]) length++
    if (length === wanted.length) return index - length + 1
  }
  return -1
}
