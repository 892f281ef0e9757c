/** Acknowledges shown output, so that the manager never has more than 256 KiB in flight. */

/** Output per acknowledgement. A quarter of what may be in flight keeps the output flowing. */
const STEP_BYTES = 64 * 1024

export class Acknowledgements {
  #received = 0
  #shown = 0
  #sent = 0

  /** Counts output that arrived and is not shown yet. */
  received(bytes: number): void {
    this.#received += bytes
  }

  /**
   * Counts output that was shown. Returns the total to acknowledge now, or null. All output that arrived is
   * acknowledged: the manager does not send dropped output again before that.
   */
  shown(bytes: number): number | null {
    this.#shown += bytes
    if (this.#shown < this.#received && this.#shown - this.#sent < STEP_BYTES) return null
    this.#sent = this.#shown
    return this.#sent
  }
}
