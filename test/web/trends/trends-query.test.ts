import { deepEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  csvPath,
  endsNow,
  eventsPath,
  moved,
  rangeOf,
  readTrendsQuery,
  type Span,
  widened,
  withSpan,
  zoomed,
} from '../../../web/src/pages/trends/trends-query.ts'

const NOW = Date.parse('2026-11-29T12:00:00Z')
const MINUTE = 60_000

describe('the URL of trends', () => {
  const cases: readonly [query: string, pool: string | null, from: string, to: string, range: string | null][] = [
    ['', null, 'now-24h', 'now', '24 h'],
    ['pool=alpine', 'alpine', 'now-24h', 'now', '24 h'],
    ['pool=', null, 'now-24h', 'now', '24 h'],
    ['from=now-1h', null, 'now-1h', 'now', '1 h'],
    ['from=now-30d&to=now', null, 'now-30d', 'now', '30 d'],
    ['from=now-90m', null, 'now-90m', 'now', null],
    ['from=now-24h&to=now-1h', null, 'now-24h', 'now-1h', null],
    ['from=2026-11-29T10:00:00Z&to=2026-11-29T11:00:00Z', null, '2026-11-29T10:00:00Z', '2026-11-29T11:00:00Z', null],
    ['from=2026-11-29', null, '2026-11-29', 'now', null],
    ['from=yesterday&to=soon', null, 'now-24h', 'now', '24 h'],
    ['from=now-1y', null, 'now-24h', 'now', '24 h'],
    ['from=2026-13-45', null, 'now-24h', 'now', '24 h'],
  ]
  for (const [text, pool, from, to, range] of cases) {
    it(`is read: ?${text}`, () => {
      const query = readTrendsQuery(new URLSearchParams(text))
      deepEqual(query, { pool, from, to })
      equal(rangeOf(query)?.label ?? null, range)
      equal(endsNow(query), to === 'now')
    })
  }

  it('keeps the pool when the span changes', () => {
    const before = new URLSearchParams('pool=alpine&from=a&to=b')
    equal(withSpan(before, { from: 'now-1h', to: null }).toString(), 'pool=alpine&from=now-1h')
    equal(withSpan(before, { from: 'c', to: 'd' }).toString(), 'pool=alpine&from=c&to=d')
    equal(before.toString(), 'pool=alpine&from=a&to=b')
  })

  it('leads to the same figures as CSV', () => {
    const query = { pool: null, from: 'now-1h', to: 'now' }
    equal(csvPath(query), '/v1/series?from=now-1h&to=now&format=csv')
    equal(csvPath({ ...query, pool: 'a b' }), '/v1/series?pool=a+b&from=now-1h&to=now&format=csv')
  })
})

describe('spans', () => {
  const at = (minutes: number) => NOW + minutes * MINUTE
  const shown = ({ from, to }: Span) => [(from - NOW) / MINUTE, (to - NOW) / MINUTE]
  const zooms: readonly [title: string, one: number, other: number, span: readonly number[]][] = [
    ['to what was dragged over', at(-30), at(-20), [-30, -20]],
    ['also from right to left', at(-20), at(-30), [-30, -20]],
    ['to whole seconds', at(-30) + 1, at(-20) - 1, [-30, -20]],
    ['to a minute at least', at(-30) - 10_000, at(-30) + 10_000, [-30.5, -29.5]],
    ['not beyond the present', at(-0.1), at(5), [-1, 0]],
    ['to a minute at the end', at(0) - 1_000, at(0), [-1, 0]],
  ]
  for (const [title, one, other, span] of zooms) {
    it(`are zoomed ${title}`, () => deepEqual(shown(zoomed(one, other, NOW)), span))
  }

  const span = { from: at(-120), to: at(-60) }
  it('are moved by half of their length', () => {
    deepEqual(shown(moved(span, -1, NOW)), [-150, -90])
    deepEqual(shown(moved(span, 1, NOW)), [-90, -30])
    deepEqual(shown(moved(span, 4, NOW)), [-60, 0])
  })

  it('are widened to twice their length, and end at the present at the latest', () => {
    deepEqual(shown(widened(span, NOW)), [-150, -30])
    deepEqual(shown(widened({ from: at(-60), to: at(0) }, NOW)), [-120, 0])
  })
})

describe('events of a step', () => {
  const cases: readonly [at: string, stepMs: number, pool: string | null, path: string][] = [
    ['12:00:00Z', 15 * MINUTE, null, 'from=2026-11-29T12%3A00%3A00Z&to=2026-11-29T12%3A15%3A00Z'],
    ['12:00:00Z', MINUTE, 'alpine', 'from=2026-11-29T12%3A00%3A00Z&to=2026-11-29T12%3A01%3A00Z&pool=alpine'],
    ['12:00:30Z', 30_000, null, 'from=2026-11-29T12%3A00%3A00Z&to=2026-11-29T12%3A01%3A00Z'],
  ]
  for (const [time, stepMs, pool, query] of cases) {
    it(`are at ${query}`, () => equal(eventsPath(Date.parse(`2026-11-29T${time}`), stepMs, pool), `/events?${query}`))
  }
})
