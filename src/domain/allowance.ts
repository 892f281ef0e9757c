/** A token bucket: an amount that is used up and refilled with time. Any clock in milliseconds will do. */
export class Allowance {
  readonly #capacity: number
  readonly #perSecond: number
  #left: number
  #since: number

  constructor({ capacity, perSecond }: { readonly capacity: number; readonly perSecond: number }, now: number) {
    this.#capacity = capacity
    this.#perSecond = perSecond
    this.#left = capacity
    this.#since = now
  }

  /** Takes the amount if that much is left. Returns whether it was. A clock that was set back refills nothing. */
  take(amount: number, now: number): boolean {
    const refill = (Math.max(0, now - this.#since) / 1_000) * this.#perSecond
    this.#left = Math.min(this.#capacity, this.#left + refill)
    this.#since = now
    if (amount > this.#left) return false
    this.#left -= amount
    return true
  }
}
