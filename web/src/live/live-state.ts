/** State of the connection to the manager, and the offset of the manager's clock. */

export type LiveStatus =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** `since`: when the connection broke, epoch milliseconds of the manager's clock. */
  | { readonly kind: 'stale'; readonly since: number; readonly reason: string }

export class LiveState {
  #status: LiveStatus = { kind: 'connecting' }
  /** The manager's clock minus this machine's, in milliseconds. */
  #offset = 0
  readonly #listeners = new Set<() => void>()
  readonly #localClock: () => number

  constructor(localClock: () => number = Date.now) {
    this.#localClock = localClock
  }

  get status(): LiveStatus {
    return this.#status
  }

  /** Returns the manager's time in epoch milliseconds, even if the clock of this machine is wrong. */
  readonly now = (): number => this.#localClock() + this.#offset

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  setClock(now: number): void {
    this.#offset = now - this.#localClock()
  }

  setLive(): void {
    if (this.#status.kind !== 'live') this.#set({ kind: 'live' })
  }

  /** Sets the reason. Keeps the time of the first break. */
  setStale(reason: string): void {
    const since = this.#status.kind === 'stale' ? this.#status.since : this.now()
    this.#set({ kind: 'stale', since, reason })
  }

  #set(status: LiveStatus): void {
    this.#status = status
    for (const listener of this.#listeners) listener()
  }
}
