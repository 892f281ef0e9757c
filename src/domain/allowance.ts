/** An amount that is used up and comes back with time. Times are milliseconds of any one clock. */
export class Allowance {
  readonly #most: number
  readonly #perSecond: number
  #left: number
  #since: number

  constructor({ most, perSecond }: { readonly most: number; readonly perSecond: number }, now: number) {
    this.#most = most
    this.#perSecond = perSecond
    this.#left = most
    this.#since = now
  }

  /** Takes the amount if there is that much. Returns whether there was. A clock that was set back gives nothing. */
  take(amount: number, now: number): boolean {
    const back = (Math.max(0, now - this.#since) / 1_000) * this.#perSecond
    this.#left = Math.min(this.#most, this.#left + back)
    this.#since = now
    if (amount > this.#left) return false
    this.#left -= amount
    return true
  }
}
