/** Counts the pools once for all live streams, and only while there are live streams. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../ports/store.ts'
import { nextWrite } from './long-poll.ts'

/** Minimum time between two counts that found something new. */
const COUNT_EVERY_MS = 1_000

/** The latest counts as they are sent; empty before the first count. */
export interface Counts {
  readonly text: string
  /** Aborted when newer counts replace these. */
  readonly replaced: AbortSignal
}

/** Counts right after a write, at most once a second. Polls for the writes of other managers. */
export class CountsFeed {
  readonly #store: Pick<Store, 'onEvents'>
  readonly #count: () => Promise<string>
  #replaced = new AbortController()
  #counts: Counts = { text: '', replaced: this.#replaced.signal }
  #subscribers = 0
  #loop: { readonly counted: Promise<unknown>; readonly over: AbortController } | null = null

  /** `count` returns the current counts as they are sent. */
  constructor(store: Pick<Store, 'onEvents'>, count: () => Promise<string>) {
    this.#store = store
    this.#count = count
  }

  get latest(): Counts {
    return this.#counts
  }

  /** Subscribes, and waits for the first count. Returns a function that ends the subscription. */
  async join(): Promise<() => void> {
    this.#subscribers += 1
    this.#loop ??= this.#start()
    await this.#loop.counted
    let left = false
    return () => {
      if (left) return
      left = true
      this.#subscribers -= 1
      if (this.#subscribers > 0) return
      this.#loop?.over.abort()
      this.#loop = null
      // They would be out of date when the next stream begins.
      this.#replaceBy('')
    }
  }

  #start(): { counted: Promise<unknown>; over: AbortController } {
    const over = new AbortController()
    // A write during the first count is counted, too.
    const written = nextWrite(this.#store, over.signal)
    const counted = this.#update()
    void counted.then(() => this.#follow(written, over.signal))
    return { counted, over }
  }

  async #follow(first: ReturnType<typeof nextWrite>, over: AbortSignal): Promise<void> {
    let written = first
    for (;;) {
      const wasWritten = await written.happened
      if (over.aborted) return
      written = nextWrite(this.#store, over)
      // No pause after a poll that found nothing new, so that the next write is counted at once.
      if ((await this.#update()) || wasWritten) await sleep(COUNT_EVERY_MS, null, { signal: over }).catch(() => null)
    }
  }

  /** Counts, and returns whether the counts have changed. */
  async #update(): Promise<boolean> {
    // After a failed read, the counts stay until the next write or poll.
    const text = await this.#count().catch(() => this.#counts.text)
    if (text === this.#counts.text) return false
    this.#replaceBy(text)
    return true
  }

  #replaceBy(text: string): void {
    const replaced = this.#replaced
    this.#replaced = new AbortController()
    this.#counts = { text, replaced: this.#replaced.signal }
    replaced.abort()
  }
}
