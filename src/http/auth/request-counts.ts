/** Counts requests of each client within a minute, together with the other managers of the database. */
import { reasonOf } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { RequestCountStore } from '../../ports/store/request-counts.ts'

const WINDOW_MS = 60_000
/** Interval at which managers add their counts to the database. */
const EXCHANGE_MS = 1_000
/** Maximum number of clients to count; the one that has been silent for longest is forgotten. */
const MAX_CLIENTS = 5_000

interface Window {
  began: number
  /** Requests at all managers, as far as this one knows. */
  count: number
  /** Requests in `count` that have not been added to the database. */
  unsent: number
}

interface Counted {
  readonly count: number
  /** When the next minute begins, in milliseconds from now. */
  readonly endsInMs: number
}

export class RequestCounts {
  readonly #clock: Clock
  /** The client that sent the latest request is the last one. */
  readonly #windows = new Map<string, Window>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts a request of this client. Its minute begins with its first request. */
  add(key: string): Counted {
    const now = this.#clock()
    const known = this.#windows.get(key)
    // Also after the clock was set back.
    const goesOn = known !== undefined && now >= known.began && now < known.began + WINDOW_MS
    const window = goesOn ? known : { began: now, count: 0, unsent: 0 }
    window.count += 1
    window.unsent += 1
    this.#windows.delete(key)
    this.#windows.set(key, window)
    if (this.#windows.size > MAX_CLIENTS) {
      const [silent = key] = this.#windows.keys()
      this.#windows.delete(silent)
    }
    return { count: window.count, endsInMs: window.began + WINDOW_MS - now }
  }

  /**
   * Adds the new requests of each client to the database, and sets the counts to the sums of all managers. While the
   * database does not answer, this manager counts alone. Returns when to call it again, in epoch milliseconds.
   */
  async exchange(store: RequestCountStore, log: Pick<Log, 'debug'>): Promise<number> {
    const sent = [...this.#windows].flatMap(([key, window]) => {
      if (window.unsent === 0) return []
      const entry = { key, window, began: window.began, count: window.unsent }
      window.unsent = 0
      return [entry]
    })
    try {
      const counts = sent.map(({ key, began, count }) => ({ key, began, count }))
      const sums = sent.length === 0 ? [] : await store.addRequestCounts(counts, WINDOW_MS)
      for (const [nth, sum] of sums.entries()) {
        const window = sent[nth]?.window
        if (!window) continue
        window.began = sum.began
        window.count = sum.count + window.unsent
      }
    } catch (error) {
      for (const { window, count } of sent) window.unsent += count
      log.debug('counts of requests could not be exchanged', { reason: reasonOf(error) })
    }
    return this.#clock() + EXCHANGE_MS
  }
}
