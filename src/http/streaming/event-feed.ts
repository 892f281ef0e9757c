/** Reads new events once for all streams: a hundred streams query the database no more often than one. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { BerthEvent, EventFilter } from '../../domain/event.ts'
import { createLimit } from '../../domain/concurrency.ts'
import type { Store } from '../../ports/store.ts'
import { nextWrite } from './long-poll.ts'

type Which = Omit<EventFilter, 'after' | 'limit' | 'latest'>

/** Events in order, and the event id to continue after: everything up to it was read. */
interface EventPage {
  readonly events: readonly BerthEvent[]
  readonly next: number
}

/** Maximum number of events in a page, which bounds what is on its way to one client. */
const PAGE = 100
/** Number of events kept for streams that are nearly up to date; streams further behind read the database. */
const MAX_RECENT = 1_000

/** One loop reads new events while there are subscribers. Streams that are further behind read the database. */
export class EventFeed {
  readonly #store: Pick<Store, 'events' | 'latestEvent' | 'onEvents'>
  /** Wakes the readers that wait for the next event. */
  readonly #waiting = new Set<() => void>()
  readonly #oneByOne = createLimit(1)
  #recent: BerthEvent[] = []
  /** All events after `#from` are in `#recent`; `#latest` is the id of the last of them. */
  #from = 0
  #latest = 0
  #subscribers = 0
  #loop: { readonly started: Promise<void>; readonly stop: () => void } | null = null

  constructor(store: Pick<Store, 'events' | 'latestEvent' | 'onEvents'>) {
    this.#store = store
  }

  /** To be called before `read`. Returns the id of the latest event, and the function that ends the subscription. */
  async join(): Promise<{ latest: number; leave: () => void }> {
    this.#subscribers += 1
    this.#loop ??= this.#start()
    const { started } = this.#loop
    let left = false
    const leave = () => {
      if (left) return
      left = true
      this.#subscribers -= 1
      if (this.#subscribers > 0) return
      this.#loop?.stop()
      this.#loop = null
    }
    try {
      await started
    } catch (error) {
      leave()
      throw error
    }
    return { latest: this.#latest, leave }
  }

  /** Resolves with the next events after this id, as soon as there are any, or with none when `stop` is aborted. */
  async read(after: number, which: Which, stop: AbortSignal): Promise<EventPage> {
    let seen = after
    for (;;) {
      if (seen < this.#from) {
        const page = await this.#readBack(seen, which)
        if (page.events.length > 0 || stop.aborted) return page
        seen = page.next
        continue
      }
      // Searched from the end: most streams are nearly up to date, and there may be a thousand of them.
      const fresh = this.#recent.slice(this.#recent.findLastIndex((event) => event.id <= seen) + 1)
      const events = fresh.filter((event) => matches(event, which)).slice(0, PAGE)
      if (events.length > 0) {
        return { events, next: events.length === PAGE ? (events.at(-1)?.id ?? seen) : this.#latest }
      }
      // A stream may have seen more than was read here: after a reconnect, or from the database itself.
      seen = Math.max(seen, this.#latest)
      if (stop.aborted) return { events, next: seen }
      await this.#changed(stop)
    }
  }

  #start(): { started: Promise<void>; stop: () => void } {
    const over = new AbortController()
    const started = this.#store.latestEvent().then((id) => {
      if (over.signal.aborted) return
      this.#recent = []
      this.#from = this.#latest = id
      void this.#follow(over.signal)
    })
    return { started, stop: () => over.abort() }
  }

  async #follow(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const written = nextWrite(this.#store, over)
      // After a failed read, the next write or the next second reads them.
      const page = await this.#store.events({ after: this.#latest, limit: MAX_RECENT }).catch(() => [])
      if (over.aborted) written.stop()
      else this.#take(page)
      if (page.length < MAX_RECENT) await written.happened
      else written.stop()
    }
  }

  #take(page: readonly BerthEvent[]): void {
    if (page.length === 0) return
    this.#recent.push(...page)
    this.#latest = page.at(-1)?.id ?? this.#latest
    const gone = this.#recent.splice(0, Math.max(0, this.#recent.length - MAX_RECENT))
    this.#from = gone.at(-1)?.id ?? this.#from
    for (const wake of this.#waiting) wake()
  }

  async #changed(stop: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = () => resolve()
    this.#waiting.add(wake)
    stop.addEventListener('abort', wake)
    await promise
    stop.removeEventListener('abort', wake)
    this.#waiting.delete(wake)
  }

  /**
   * Reads events up to `#from`, one page at a time for all streams together. Other work runs between two pages, because
   * many streams may be far behind.
   */
  #readBack(after: number, which: Which): Promise<EventPage> {
    return this.#oneByOne(async () => {
      await yieldToEventLoop()
      const known = this.#latest
      const events = await this.#store.events({ ...which, after, limit: PAGE })
      const last = events.at(-1)?.id ?? after
      return { events, next: events.length === PAGE ? last : Math.max(last, known) }
    })
  }
}

function matches(event: BerthEvent, which: Which): boolean {
  return Object.entries(which).every(([name, value]) => value === undefined || event[name as keyof Which] === value)
}
