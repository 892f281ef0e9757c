/** New events, read once for everybody who follows them: a hundred streams ask the database no more often than one. */
import { setImmediate as othersTurn } from 'node:timers/promises'
import type { BerthEvent, EventFilter } from '../../core/events.ts'
import { createLimit } from '../../core/limit.ts'
import type { Store } from '../../core/store.ts'
import { nextWrite } from './long-poll.ts'

type Which = Omit<EventFilter, 'after' | 'limit' | 'latest'>

/** Events in order, and the number after which to go on: everything up to it was looked at. */
interface EventPage {
  readonly events: readonly BerthEvent[]
  readonly next: number
}

export interface EventFeed {
  /** To be called before `read`; gives the number of the latest event, and the end of it. */
  join(): Promise<{ latest: number; leave: () => void }>
  /** The next events after this number, as soon as there are any; none when `stop` is aborted before. */
  read(after: number, which: Which, stop: AbortSignal): Promise<EventPage>
}

/** Most events in a page: what is on its way to one client. */
const PAGE = 100
/** So many are kept for those who are nearly up to date; whoever is further behind reads the database. */
const KEPT = 1_000

export function openFeed(store: Pick<Store, 'events' | 'latestEvent' | 'onEvents'>): EventFeed {
  const waiting = new Set<() => void>()
  const oneByOne = createLimit(1)
  let recent: BerthEvent[] = []
  /** All events after `from` are in `recent`; `latest` is the number of its last one. */
  let from = 0
  let latest = 0
  let followers = 0
  let running: { started: Promise<void>; stop: () => void } | null = null

  function start(): { started: Promise<void>; stop: () => void } {
    const over = new AbortController()
    const started = store.latestEvent().then((id) => {
      if (over.signal.aborted) return
      recent = []
      from = latest = id
      void follow(over.signal)
    })
    return { started, stop: () => over.abort() }
  }

  async function follow(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const written = nextWrite(store, over)
      // What cannot be read now is read with the next write, or a moment later.
      const page = await store.events({ after: latest, limit: KEPT }).catch(() => [])
      if (over.aborted) written.stop()
      else take(page)
      if (page.length < KEPT) await written.happened
      else written.stop()
    }
  }

  function take(page: readonly BerthEvent[]): void {
    if (page.length === 0) return
    recent.push(...page)
    latest = page.at(-1)?.id ?? latest
    const gone = recent.splice(0, Math.max(0, recent.length - KEPT))
    from = gone.at(-1)?.id ?? from
    for (const wake of waiting) wake()
  }

  async function changed(stop: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = () => resolve()
    waiting.add(wake)
    stop.addEventListener('abort', wake)
    await promise
    stop.removeEventListener('abort', wake)
    waiting.delete(wake)
  }

  /** Of those before `from`. One page at a time, with everybody else's turn between two: many may have long to go. */
  function readBack(after: number, which: Which): Promise<EventPage> {
    return oneByOne(async () => {
      await othersTurn()
      return readPage(after, which)
    })
  }

  async function readPage(after: number, which: Which): Promise<EventPage> {
    const known = latest
    const events = await store.events({ ...which, after, limit: PAGE })
    const last = events.at(-1)?.id ?? after
    return { events, next: events.length === PAGE ? last : Math.max(last, known) }
  }

  return {
    async join() {
      followers += 1
      running ??= start()
      const mine = running
      let left = false
      const leave = () => {
        if (left) return
        left = true
        followers -= 1
        if (followers > 0) return
        running?.stop()
        running = null
      }
      try {
        await mine.started
      } catch (error) {
        leave()
        throw error
      }
      return { latest, leave }
    },

    async read(after, which, stop) {
      let seen = after
      for (;;) {
        if (seen < from) {
          const page = await readBack(seen, which)
          if (page.events.length > 0 || stop.aborted) return page
          seen = page.next
          continue
        }
        // From the end: most are nearly up to date, and there may be a thousand of them.
        const fresh = recent.slice(recent.findLastIndex((event) => event.id <= seen) + 1)
        const events = fresh.filter((event) => matches(event, which)).slice(0, PAGE)
        if (events.length > 0) return { events, next: events.length === PAGE ? (events.at(-1)?.id ?? seen) : latest }
        // Somebody may have seen more than was read here yet: after a reconnect, or from the database itself.
        seen = Math.max(seen, latest)
        if (stop.aborted) return { events, next: seen }
        await changed(stop)
      }
    },
  }
}

function matches(event: BerthEvent, which: Which): boolean {
  return Object.entries(which).every(([name, value]) => value === undefined || event[name as keyof Which] === value)
}
