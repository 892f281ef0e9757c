import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type UsageRecord, type UsageKey, type UsageRow, usageOf } from '../../src/domain/usage.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const MIDNIGHT = Date.UTC(2027, 0, 15)

function lent(some: Partial<UsageRecord> = {}): UsageRecord {
  return {
    pool: 'p',
    owner: 'ci',
    username: 'alice',
    count: 1,
    createdAt: MIDNIGHT,
    activeAt: MIDNIGHT,
    endsAt: MIDNIGHT + HOUR,
    waited: false,
    ...some,
  }
}

const span = { from: MIDNIGHT, to: MIDNIGHT + DAY, now: MIDNIGHT + 9 * DAY }
const usage = (rows: readonly UsageRecord[], by: UsageKey = 'user', some: Partial<typeof span> = {}) =>
  usageOf(rows, { ...span, ...some, by })

const row = (key: string, some: Partial<UsageRow> = {}): UsageRow => ({
  key,
  reservations: 0,
  containerMinutes: 0,
  waits: 0,
  waitSeconds: 0,
  ...some,
})

describe('usage', () => {
  it('counts container-minutes: each container for as long as it was held', () => {
    const rows = [lent(), lent({ count: 3, endsAt: MIDNIGHT + 10 * MINUTE })]
    assert.deepEqual(usage(rows), [row('ci', { reservations: 2, containerMinutes: 90 })])
  })

  it('is by owner, account or pool, sorted', () => {
    const rows = [
      lent({ owner: 'z', username: 'bob', pool: 'q' }),
      lent({ owner: 'a', username: 'bob' }),
      lent({ owner: 'a', username: 'amy', pool: 'q' }),
    ]
    const keys = (by: UsageKey) => usage(rows, by).map(({ key, reservations }) => `${key} ${reservations}`)
    assert.deepEqual(keys('user'), ['a 2', 'z 1'])
    assert.deepEqual(keys('username'), ['amy 1', 'bob 2'])
    assert.deepEqual(keys('pool'), ['p 1', 'q 2'])
  })

  it('is by day of UTC, over midnight on each for its part', () => {
    const one = lent({ activeAt: MIDNIGHT + 23 * HOUR, endsAt: MIDNIGHT + 49 * HOUR })
    assert.deepEqual(usage([one], 'day', { to: MIDNIGHT + 5 * DAY }), [
      row('2027-01-15', { reservations: 1, containerMinutes: 60 }),
      row('2027-01-16', { reservations: 1, containerMinutes: 1_440 }),
      row('2027-01-17', { reservations: 1, containerMinutes: 60 }),
    ])
  })

  it('counts only what lies in the span', () => {
    const before = lent({ activeAt: MIDNIGHT - HOUR, endsAt: MIDNIGHT + MINUTE })
    const after = lent({ activeAt: MIDNIGHT + DAY - MINUTE, endsAt: MIDNIGHT + DAY + HOUR })
    const around = lent({ activeAt: MIDNIGHT - DAY, endsAt: MIDNIGHT + 2 * DAY })
    assert.deepEqual(usage([before, after]), [row('ci', { reservations: 2, containerMinutes: 2 })])
    assert.deepEqual(usage([around]), [row('ci', { reservations: 1, containerMinutes: 1_440 })])
    const ends = lent({ activeAt: MIDNIGHT - HOUR, endsAt: MIDNIGHT })
    const begins = lent({ activeAt: MIDNIGHT + DAY, endsAt: MIDNIGHT + DAY + HOUR })
    assert.deepEqual(usage([ends, begins]), [])
  })

  it('counts what is still held until now, not until it will end', () => {
    const one = lent({ endsAt: MIDNIGHT + 10 * HOUR })
    assert.deepEqual(usage([one], 'user', { now: MIDNIGHT + HOUR }), [
      row('ci', { reservations: 1, containerMinutes: 60 }),
    ])
    assert.deepEqual(usage([one], 'user', { now: MIDNIGHT - HOUR }), [])
  })

  it('counts no time for what was never active', () => {
    assert.deepEqual(usage([lent({ activeAt: null, endsAt: null }), lent({ activeAt: null })]), [])
  })

  it('counts waits where they began, and for how long: until it was active, it was given up, or now', () => {
    const waited = (some: Partial<UsageRecord>) =>
      lent({ waited: true, createdAt: MIDNIGHT + HOUR, activeAt: null, ...some })
    const rows = [
      waited({ activeAt: MIDNIGHT + HOUR + 30_000, endsAt: MIDNIGHT + 2 * HOUR + 30_000 }),
      waited({ endsAt: MIDNIGHT + HOUR + 7_000 }),
      waited({ endsAt: null }),
    ]
    const now = MIDNIGHT + HOUR + 60_000
    const [first] = usage(rows, 'user', { now })
    assert.deepEqual(first, row('ci', { reservations: 1, containerMinutes: 0.5, waits: 3, waitSeconds: 97 }))
    assert.deepEqual(
      usage([waited({ createdAt: MIDNIGHT - 1 }), waited({ createdAt: MIDNIGHT + DAY })]),
      [],
      'in another span',
    )
    assert.deepEqual(
      usage([lent({ createdAt: MIDNIGHT - HOUR })]).map(({ waits }) => waits),
      [0],
      'it never waited',
    )
  })

  it('by day, a wait is of the day on which it began, its time of those on which it ran', () => {
    const one = lent({
      waited: true,
      createdAt: MIDNIGHT + DAY - 5_000,
      activeAt: MIDNIGHT + DAY,
      endsAt: MIDNIGHT + DAY + MINUTE,
    })
    assert.deepEqual(usage([one], 'day', { to: MIDNIGHT + 2 * DAY }), [
      row('2027-01-15', { waits: 1, waitSeconds: 5 }),
      row('2027-01-16', { reservations: 1, containerMinutes: 1 }),
    ])
  })

  it('takes any name for a key', () => {
    const rows = ['__proto__', 'constructor', ''].map((owner) => lent({ owner }))
    assert.deepEqual(
      usage(rows).map(({ key }) => key),
      ['', '__proto__', 'constructor'],
    )
  })

  it('adds up to the same by whatever it is, and over the days whatever the span', () => {
    const times = fc.integer({ min: -3 * DAY, max: 3 * DAY }).map((offset) => MIDNIGHT + offset)
    const one = fc
      .record({
        count: fc.integer({ min: 1, max: 9 }),
        createdAt: times,
        waited: fc.boolean(),
        starts: fc.boolean(),
        delay: fc.integer({ min: 0, max: DAY }),
        lasts: fc.integer({ min: 0, max: 2 * DAY }),
        owner: fc.constantFrom('a', 'b'),
        pool: fc.constantFrom('p', 'q'),
        username: fc.constantFrom('x', 'y'),
      })
      .map(({ createdAt, delay, lasts, starts, ...rest }): UsageRecord => {
        const activeAt = starts ? createdAt + delay : null
        return { ...rest, createdAt, activeAt, endsAt: createdAt + delay + lasts }
      })
    const sums = (rows: readonly UsageRecord[], by: UsageKey, from: number, to: number) => {
      const found = usageOf(rows, { from, to, by, now: MIDNIGHT + 9 * DAY })
      const minutes = found.reduce((sum, r) => sum + r.containerMinutes, 0)
      return { waits: found.reduce((sum, r) => sum + r.waits, 0), minutes }
    }
    fc.assert(
      fc.property(fc.array(one, { maxLength: 8 }), times, times, times, (rows, a, b, c) => {
        const [from = 0, middle = 0, to = 0] = [a, b, c].toSorted((x, y) => x - y)
        const whole = sums(rows, 'user', from, to)
        const real = rows.reduce((sum, r) => {
          const held = r.activeAt === null ? 0 : Math.min(to, r.endsAt ?? to) - Math.max(from, r.activeAt)
          return sum + (Math.max(0, held) * r.count) / MINUTE
        }, 0)
        assert.ok(Math.abs(whole.minutes - real) < 0.1)
        for (const by of ['username', 'pool', 'day'] as const) {
          const other = sums(rows, by, from, to)
          assert.equal(other.waits, whole.waits)
          // Each row is rounded to hundredths.
          assert.ok(Math.abs(other.minutes - whole.minutes) < 0.2)
        }
        const [first, second] = [sums(rows, 'user', from, middle), sums(rows, 'user', middle, to)]
        assert.equal(first.waits + second.waits, whole.waits)
        assert.ok(Math.abs(first.minutes + second.minutes - whole.minutes) < 0.2)
      }),
    )
  })
})
