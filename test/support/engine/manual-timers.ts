import type { Timers } from '../../../src/engine/timers.ts'
import { turns } from '../world/turns.ts'

interface Sleeper {
  readonly until: number
  readonly wake: () => void
}

/** Time that passes only by `pass`. */
export class ManualTimers implements Timers {
  #now = 0
  #sleepers: Sleeper[] = []

  now(): number {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sleepers.push({ until: this.#now + ms, wake: resolve })
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  }

  /** Wakes all sleepers of the next `ms` milliseconds in their order, and lets what follows from it happen. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    await turns()
    for (;;) {
      const [next] = this.#sleepers.toSorted((a, b) => a.until - b.until)
      if (next === undefined || next.until > end) break
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next)
      this.#now = next.until
      next.wake()
      await turns()
    }
    this.#now = end
  }
}
