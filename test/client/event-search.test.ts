import { deepEqual, equal, ok } from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '../../src/client/client.ts'
import { eventsAfter, idBefore, type ReadAfter } from '../../src/client/event-search.ts'

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

describe('the search for events of a span of time', () => {
  const CASES: readonly (readonly [name: string, from: number])[] = [
    ['before the first event', BEGIN - MINUTE],
    ['at the first event', BEGIN],
    ['at an event', BEGIN + 1_234 * MINUTE],
    ['between two events', BEGIN + 1_234 * MINUTE + 1],
    ['at the last event', BEGIN + 4_999 * MINUTE],
    ['after the last event', BEGIN + 9_999 * MINUTE],
  ]
  for (const [name, from] of CASES) {
    it(`finds the first event of a span that begins ${name}`, async () => {
      const { read, calls } = log()
      const after = await idBefore(from, LATEST, read)
      const [first] = await read(after, 1)
      equal(first?.id, EVENTS.find(({ at }) => Date.parse(at) >= from)?.id)
      ok(calls.length < 20, `${calls.length} requests`)
    })
  }

  it('returns exactly those of the span', async () => {
    const { read } = log()
    const span = { from: BEGIN + 100 * MINUTE, to: BEGIN + 2_300 * MINUTE }
    const after = await idBefore(span.from, LATEST, read)
    const events = await Array.fromAsync(eventsAfter(after, span, read))
    equal(events.length, 2_200)
    equal(events[0]?.at, new Date(span.from).toISOString())
  })

  it('reads no page before it is needed', async () => {
    const { read, calls } = log()
    for await (const { id } of eventsAfter(0, { from: 0, to: Number.POSITIVE_INFINITY }, read)) {
      if (id === EVENTS[1_500]?.id) break
    }
    equal(calls.length, 2)
  })

  it('finds nothing in an empty log', async () => {
    equal(await idBefore(BEGIN, 0, async () => []), 0)
    deepEqual(await Array.fromAsync(eventsAfter(0, { from: 0, to: 1 }, async () => [])), [])
  })
})
