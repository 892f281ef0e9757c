import { deepEqual, equal, ok } from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '../../src/client/client.ts'
import { eventsCommand, readFilter, readSpan } from '../../web/src/pages/events/event-filter.ts'
import { eventsOf, idBefore, type ReadAfter } from '../../web/src/pages/events/event-search.ts'

const BEGIN = Date.parse('2026-11-29T00:00:00Z')
const MINUTE = 60_000

/** One event a minute; ids have gaps, as in the log. */
const EVENTS = Array.from({ length: 5_000 }, (_, index) => ({
  id: 7 + index * 3,
  at: new Date(BEGIN + index * MINUTE).toISOString(),
})) as Event[]
const LATEST = EVENTS.at(-1)?.id ?? 0

function log() {
  const calls: number[] = []
  const read: ReadAfter = async (after, limit) => {
    calls.push(after)
    return EVENTS.filter(({ id }) => id > after).slice(0, limit)
  }
  return { read, calls }
}

describe('events of a span of time', () => {
  const CASES: readonly (readonly [name: string, from: number])[] = [
    ['before the first event', BEGIN - MINUTE],
    ['at the first event', BEGIN],
    ['at an event', BEGIN + 1_234 * MINUTE],
    ['between two events', BEGIN + 1_234 * MINUTE + 1],
    ['at the last event', BEGIN + 4_999 * MINUTE],
    ['after the last event', BEGIN + 9_999 * MINUTE],
  ]
  for (const [name, from] of CASES) {
    it(`begins ${name}`, async () => {
      const { read, calls } = log()
      const after = await idBefore(from, LATEST, read)
      const [first] = await read(after, 1)
      equal(first?.id, EVENTS.find(({ at }) => Date.parse(at) >= from)?.id)
      ok(calls.length < 20, `${calls.length} requests`)
    })
  }

  it('returns all of them and no others', async () => {
    const { read } = log()
    const span = { from: BEGIN + 100 * MINUTE, to: BEGIN + 2_300 * MINUTE }
    const { events, isTruncated } = await eventsOf(span, await idBefore(span.from, LATEST, read), read)
    equal(events.length, 2_200)
    equal(isTruncated, false)
    equal(events[0]?.at, new Date(span.from).toISOString())
  })

  it('reports that it is truncated', async () => {
    const many = EVENTS.flatMap((event) => [event, { ...event, id: event.id + 1 }])
    const read: ReadAfter = async (after, limit) => many.filter(({ id }) => id > after).slice(0, limit)
    const { events, isTruncated } = await eventsOf({ from: 0, to: Number.POSITIVE_INFINITY }, 0, read)
    deepEqual([events.length, isTruncated], [5_000, true])
  })

  it('of an empty log is empty', async () => {
    equal(await idBefore(BEGIN, 0, async () => []), 0)
    deepEqual(await eventsOf({ from: 0, to: 1 }, 0, async () => []), { events: [], isTruncated: false })
  })
})

describe('the filter of events in the URL', () => {
  const params = (query: string) => new URLSearchParams(query)
  it('reads what the API takes, and no kind that it does not know', () => {
    deepEqual(readFilter(params('kind=container.broken&pool=a&container=a-1&reservation=r')), {
      kind: 'container.broken',
      pool: 'a',
      container: 'a-1',
      reservation: 'r',
    })
    deepEqual(readFilter(params('kind=container.sunk&pool=')), {})
  })
  it('reads the span of time', () => {
    equal(readSpan(params('from=soon'), BEGIN), null)
    deepEqual(readSpan(params('from=now-1h'), BEGIN), { from: BEGIN - 60 * MINUTE, to: BEGIN })
    deepEqual(readSpan(params('to=2026-11-28T12:00Z'), BEGIN), { from: 0, to: Date.parse('2026-11-28T12:00Z') })
  })
  it('is shown as a command', () => {
    equal(eventsCommand({}, true), 'berth events -f')
    equal(
      eventsCommand({ kind: 'container.broken', container: "a-1'; rm" }, false),
      `berth events --kind container.broken --container 'a-1'\\''; rm'`,
    )
  })
})
