/** Measures ticks by what they did: nothing, a listing, or work on rows. */
import type { Store } from '../../src/ports/store.ts'
import type { Samples } from './samples.ts'

/** Verbs that a tick calls also when there is nothing to do. */
const IDLE_VERBS: ReadonlySet<string> = new Set([
  'snapshot',
  'leaderTerm',
  'acquireLeadership',
  'reservation',
  'reservationWithContainers',
  'useLedger',
])

export interface Stopwatch {
  /** The engine is being listed. */
  listing(): void
  /** Waits without counting the time. */
  without(wait: () => Promise<void>): Promise<void>
}

export class TickTimes implements Stopwatch {
  readonly #samples: Samples
  #hasListed = false
  #hasWorked = false
  #waitedMs = 0

  constructor(samples: Samples) {
    this.#samples = samples
  }

  listing(): void {
    this.#hasListed = true
  }

  async without(wait: () => Promise<void>): Promise<void> {
    const began = performance.now()
    await wait()
    this.#waitedMs += performance.now() - began
  }

  async time<T>(tick: () => Promise<T>): Promise<T> {
    this.#hasListed = false
    this.#hasWorked = false
    this.#waitedMs = 0
    const began = performance.now()
    const result = await tick()
    const ms = performance.now() - began - this.#waitedMs
    this.#samples.add(this.#hasListed ? `tick that lists${this.#hasWorked ? ' and works' : ''}` : 'idle tick', ms)
    return result
  }

  /** Returns the store for the reconciler: notes when it is asked for work. */
  watch(store: Store): Store {
    return new Proxy(store, {
      get: (target, name) => {
        if (!IDLE_VERBS.has(String(name))) this.#hasWorked = true
        return Reflect.get(target, name) as unknown
      },
    })
  }
}
