/** Random numbers that are the same for the same seed. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** Returns a number from 0 up to, and without, `end` (mulberry32). */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * end
  }

  between(from: number, to: number): number {
    return Math.round(from + this.below(to - from))
  }

  chance(probability: number): boolean {
    return this.below(1) < probability
  }

  /** Returns a time until the next of independent events that come every `mean` on average. */
  untilNext(mean: number): number {
    return Math.round(-Math.log(1 - this.below(1)) * mean)
  }
}
