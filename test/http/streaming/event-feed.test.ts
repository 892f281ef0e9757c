/** New events are read once for all readers. No reader misses an event or gets it twice, however far behind it is. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { BerthEvent, EventFilter } from '../../../src/domain/event.ts'
import { EventFeed } from '../../../src/http/streaming/event-feed.ts'
import { NOW } from '../../../lab/rows.ts'

const NOTHING = { container: null, generation: null, reservation: null, owner: null, username: null, detail: null }

/** An event log in memory, whose answers can be delayed. */
class MemoryLog {
  readonly all: BerthEvent[] = []
  reads = 0
  /** Reads wait for this while it is set. */
  held: Promise<void> | null = null
  readonly #listeners = new Set<() => void>()

  append(count: number, pool = 'p'): void {
    for (let n = 0; n < count; n += 1) {
      // Gaps are possible.
      const id = (this.all.at(-1)?.id ?? 0) + 1 + (this.all.length % 3)
      this.all.push({ ...NOTHING, id, at: NOW, kind: 'pool.scaled', by: 'root', pool })
    }
    for (const listener of this.#listeners) listener()
  }

  async latestEvent(): Promise<number> {
    return this.all.at(-1)?.id ?? 0
  }

  async events({ after, limit, pool }: EventFilter): Promise<BerthEvent[]> {
    this.reads += 1
    const found = this.all.filter((e) => e.id > after && (pool === undefined || e.pool === pool)).slice(0, limit)
    await this.held
    return found
  }

  onEvents(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}

const never = new AbortController().signal
const idsOf = (events: readonly BerthEvent[]) => events.map(({ id }) => id)

describe('the feed', () => {
  it('returns new events as soon as there are any', async () => {
    const log = new MemoryLog()
    log.append(5)
    const feed = new EventFeed(log)
    const { latest, leave } = await feed.join()
    assert.equal(latest, log.all.at(-1)?.id)
    const next = feed.read(latest, {}, never)
    log.append(2)
    assert.deepEqual(idsOf((await next).events), idsOf(log.all.slice(5)))
    leave()
  })

  it('returns no event when it is stopped, and the id to continue after', async () => {
    const log = new MemoryLog()
    const feed = new EventFeed(log)
    const { latest, leave } = await feed.join()
    const stop = new AbortController()
    const next = feed.read(latest, { pool: 'q' }, stop.signal)
    log.append(3)
    const heard = await feed.read(latest, {}, never)
    stop.abort()
    assert.deepEqual(await next, { events: [], next: log.all.at(-1)?.id })
    assert.equal(heard.next, log.all.at(-1)?.id)
    leave()
  })

  it('returns no event twice to a reader that is ahead of it', async () => {
    const log = new MemoryLog()
    const feed = new EventFeed(log)
    const { leave } = await feed.join()
    const { promise, resolve } = Promise.withResolvers<void>()
    log.held = promise
    log.append(5)
    const seen = log.all.at(-1)?.id ?? 0
    const next = feed.read(seen, {}, never)
    log.held = null
    resolve()
    await feed.read(0, {}, never)
    log.append(1)
    assert.deepEqual(idsOf((await next).events), idsOf(log.all.slice(5)))
    leave()
  })

  it('does not search the same events twice', async () => {
    const log = new MemoryLog()
    log.append(500)
    const feed = new EventFeed(log)
    const { leave } = await feed.join()
    const before = log.reads
    const stop = new AbortController()
    const next = feed.read(0, { pool: 'q' }, stop.signal)
    for (let n = 0; n < 10; n += 1) {
      log.append(1)
      await feed.read(log.all.at(-2)?.id ?? 0, {}, never)
    }
    log.append(1, 'q')
    assert.deepEqual(idsOf((await next).events), idsOf(log.all.slice(-1)))
    assert.ok(log.reads - before <= 14, `${log.reads - before} reads`)
    leave()
  })

  it('reads nothing without readers, and starts anew with the next one', async () => {
    const log = new MemoryLog()
    const feed = new EventFeed(log)
    const first = await feed.join()
    first.leave()
    first.leave()
    await new Promise(setImmediate)
    const before = log.reads
    log.append(2_000)
    await new Promise(setImmediate)
    assert.equal(log.reads, before)
    const { latest, leave } = await feed.join()
    assert.equal(latest, log.all.at(-1)?.id)
    assert.deepEqual(idsOf((await feed.read(0, {}, never)).events), idsOf(log.all.slice(0, 100)))
    leave()
  })

  it('can be joined again after a failed join', async () => {
    const log = new MemoryLog()
    const feed = new EventFeed({
      ...{ events: (filter) => log.events(filter), onEvents: (listener) => log.onEvents(listener) },
      latestEvent: () => (log.all.length > 0 ? log.latestEvent() : Promise.reject(new Error('disk on fire'))),
    })
    await assert.rejects(feed.join(), /disk on fire/)
    log.append(1)
    const { latest, leave } = await feed.join()
    assert.equal(latest, 1)
    leave()
  })

  it('returns every event once and in order to each of many readers', async () => {
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 400 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('join' as const), back: fc.integer({ min: 0, max: 3_000 }) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('turn' as const, 'hold' as const, 'leave' as const) }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const log = new MemoryLog()
        log.append(1_500)
        const feed = new EventFeed(log)
        const readers: { began: number; seen: number[]; stop: AbortController; done: Promise<void> }[] = []
        const follow = async (began: number, seen: number[], stop: AbortSignal) => {
          const { leave } = await feed.join()
          let after = began
          while (!stop.aborted) {
            const page = await feed.read(after, {}, stop)
            seen.push(...idsOf(page.events))
            after = page.next
          }
          leave()
        }
        let release: () => void = () => undefined
        for (const next of steps) {
          switch (next.do) {
            case 'append':
              log.append(next.count)
              break
            case 'join': {
              const began = log.all.at(-1 - next.back)?.id ?? 0
              const [seen, stop]: [number[], AbortController] = [[], new AbortController()]
              readers.push({ began, seen, stop, done: follow(began, seen, stop.signal) })
              break
            }
            case 'hold': {
              release()
              const { promise, resolve } = Promise.withResolvers<void>()
              log.held = promise
              release = resolve
              break
            }
            case 'leave':
              readers.shift()?.stop.abort()
              break
            case 'turn':
              await new Promise(setImmediate)
          }
        }
        log.held = null
        release()
        const last = log.all.at(-1)?.id ?? 0
        for (const { began, seen, stop, done } of readers) {
          for (let round = 0; round < 500 && (seen.at(-1) ?? began) < last; round += 1) await new Promise(setImmediate)
          stop.abort()
          await done
          assert.deepEqual(
            seen,
            idsOf(log.all).filter((id) => id > began),
          )
        }
      }),
      { numRuns: 60 },
    )
  })
})
