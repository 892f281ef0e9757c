/** Measures ticks by what they did: nothing, a listing, or work on rows. */
import type { Store } from '../../src/ports/store.ts'
import { type Measured, type Samples, startWatch } from '../samples.ts'

/** Verbs that a tick calls also when there is nothing to do. */
const IDLE_VERBS: ReadonlySet<string> = new Set([
  'snapshot',
  'leaderTerm',
  'acquireLeadership',
  'reservation',
  'reservationWithContainers',
  'useLedger',
])

const NO_TIME: Measured = { ms: 0, cpuMs: 0 }

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
  #waited: Measured = NO_TIME

  constructor(samples: Samples) {
    this.#samples = samples
  }

  listing(): void {
    this.#hasListed = true
  }

  async without(wait: () => Promise<void>): Promise<void> {
    const passed = startWatch()
    await wait()
    this.#waited = passed()
  }

  async time<T>(tick: () => Promise<T>): Promise<T> {
    this.#hasListed = false
    this.#hasWorked = false
    this.#waited = NO_TIME
    const passed = startWatch()
    const result = await tick()
    const { ms, cpuMs } = passed()
    const took = { ms: ms - this.#waited.ms, cpuMs: cpuMs - this.#waited.cpuMs }
    const what = this.#hasListed ? 'tick that lists' : 'tick without a listing'
    this.#samples.add(`${what}${this.#hasWorked ? ' and works' : ''}`, took)
    return result
  }

  /** Returns a store for the reconciler that records whether a tick calls a verb that changes rows. */
  watch(store: Store): Store {
    return new Proxy(store, {
      get: (target, name) => {
        if (!IDLE_VERBS.has(String(name))) this.#hasWorked = true
        return Reflect.get(target, name) as unknown
      },
    })
  }
}
