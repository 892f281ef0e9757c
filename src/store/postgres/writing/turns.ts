/** Admits callers one after another, in the order of their calls of `take`. */
export class Turns {
  #last: Promise<void> = Promise.resolve()
  #pass: (() => void) | null = null
  #waiting = 0

  /** Number of callers that wait for their turn. */
  get waiting(): number {
    return this.#waiting
  }

  /** Resolves when it is the caller's turn, which lasts until `pass`. */
  async take(): Promise<void> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    this.#waiting += 1
    await before
    this.#waiting -= 1
    this.#pass = resolve
  }

  pass(): void {
    this.#pass?.()
  }
}
