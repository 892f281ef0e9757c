/** Tells the manager how much output was shown, so that it never has more than 256 kB under way. */

/** Output per acknowledgement. A quarter of what may be under way keeps the output flowing. */
const STEP_BYTES = 64 * 1024

export class Acknowledgements {
  #shown = 0
  #sent = 0

  /** Takes output that was shown, and returns the sum to acknowledge now, or null. */
  shown(bytes: number): number | null {
    this.#shown += bytes
    if (this.#shown - this.#sent < STEP_BYTES) return null
    this.#sent = this.#shown
    return this.#sent
  }
}
