import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dueNotification, lineOf, nextNotificationAt } from '../../../src/domain/session/notification.ts'
import { LocalTime } from '../../../src/domain/text/local-time.ts'
import { formatDuration } from '../../../src/domain/text/duration.ts'
import type { Reservation } from '../../../src/domain/reservation.ts'
import { NOW, reservation } from '../../../lab/rows.ts'

const S = 1_000
const MIN = 60 * S

/** Of an hour that began at NOW, unless wished otherwise; its end is known to its terminals. */
function lasting(ms: number, some: Partial<Reservation> = {}): Reservation {
  const end = NOW + ms
  return reservation({ activeAt: NOW, expiresAt: end, notifiedEnd: end, notifiedLeft: null, ...some })
}

/** Returns what is due at this time before the end: the warning, "extended", both, or nothing. */
function dueAt(one: Reservation, left: number): string {
  const notice = dueNotification(one, (one.expiresAt ?? 0) - left)
  if (!notice) return ''
  assert.equal(notice.end, one.expiresAt)
  const words = [notice.extended ? 'extended' : '', notice.left === null ? '' : formatDuration(notice.left)]
  return words.filter((word) => word !== '').join(' ')
}

const HOUR = lasting(60 * MIN)
const WARNED = { notifiedLeft: 10 * MIN }
const EXTENDED = { notifiedEnd: NOW + 5 * MIN, notifiedLeft: 1 * MIN }

const CASES: Record<string, [one: Reservation, ...due: [left: number, what: string][]]> = {
  'an hour': [
    HOUR,
    [60 * MIN, ''],
    [10 * MIN + 1, ''],
    [10 * MIN, '10m'],
    [1 * MIN + 1, '10m'],
    [1 * MIN, '1m'],
    [5 * S + 1, '1m'],
    [5 * S, '5s'],
    [1 * S, '5s'],
    [1 * S - 1, ''],
    [0, ''],
    [-1, ''],
  ],
  'an hour, warned once': [
    lasting(60 * MIN, WARNED),
    [10 * MIN, ''],
    [1 * MIN + 1, ''],
    [1 * MIN, '1m'],
    [1 * S, '5s'],
    [1 * S - 1, ''],
    [0, ''],
  ],
  'an hour, warned twice': [lasting(60 * MIN, { notifiedLeft: MIN }), [1 * MIN, ''], [5 * S, '5s']],
  'an hour, and the last line was written': [lasting(60 * MIN, { notifiedLeft: 5 * S }), [1 * MIN, ''], [1, '']],
  'the clock was set back after the last warning': [
    lasting(60 * MIN, { notifiedLeft: MIN }),
    [30 * MIN, ''],
    [10 * MIN, ''],
    [1 * MIN, ''],
  ],
  'ten minutes: no warning of an end that was just requested': [
    lasting(10 * MIN),
    [10 * MIN, ''],
    [5 * MIN, ''],
    [1 * MIN, '1m'],
  ],
  'a bit more than ten minutes': [lasting(10 * MIN + 1), [10 * MIN + 1, ''], [10 * MIN, '10m']],
  'two minutes': [lasting(2 * MIN), [2 * MIN, ''], [MIN, '1m'], [5 * S, '5s']],
  'one minute: warned half a minute before the end': [
    lasting(MIN),
    [MIN, ''],
    [30 * S + 1, ''],
    [30 * S, '30s'],
    [5 * S, '5s'],
    [0, ''],
  ],
  'a few seconds': [lasting(5 * S), [5 * S, ''], [1, '']],
  'extended, not notified yet': [
    lasting(60 * MIN, EXTENDED),
    [59 * MIN, 'extended'],
    [10 * MIN, 'extended 10m'],
    [MIN, 'extended 1m'],
    [0, ''],
  ],
  'extended and notified: the tenant is warned again': [
    lasting(60 * MIN, { notifiedLeft: null }),
    [10 * MIN + 1, ''],
    [10 * MIN, '10m'],
  ],
  'a short one, extended: its warnings lie after its beginning now': [
    lasting(12 * MIN, EXTENDED),
    [11 * MIN, 'extended'],
    [8 * MIN, 'extended 10m'],
  ],
  'abandoned already': [lasting(60 * MIN, { keepaliveMs: S, aliveUntil: NOW + S }), [10 * MIN, '']],
  preparing: [reservation({ state: 'preparing', activeAt: null, expiresAt: null, notifiedEnd: null }), [0, '']],
  ending: [lasting(60 * MIN, { state: 'ending', ...EXTENDED }), [10 * MIN, '']],
}

describe('what is due', () => {
  for (const [name, [one, ...due]] of Object.entries(CASES)) {
    it(name, () => {
      assert.deepEqual(
        due.map(([left]) => [left, dueAt(one, left)]),
        due,
      )
    })
  }
})

describe('the next notification', () => {
  const next = (one: Reservation, left: number) =>
    (one.expiresAt ?? 0) - nextNotificationAt(one, (one.expiresAt ?? 0) - left)
  const never = Number.NEGATIVE_INFINITY
  const times: [what: string, one: Reservation, left: number, at: number][] = [
    ['in an hour', HOUR, 60 * MIN, 10 * MIN],
    ['between the warnings', HOUR, 10 * MIN, MIN],
    ['after the last warning', HOUR, MIN, 5 * S],
    ['after the last line', HOUR, 5 * S, never],
    ['of one minute', lasting(MIN), MIN, 30 * S],
    ['after the end', HOUR, -1, never],
    ['warned before its time, as the clock was set back', lasting(60 * MIN, WARNED), 30 * MIN, MIN],
    ['of a short one', lasting(5 * MIN), 5 * MIN, MIN],
    ['extended: the end before does not count', lasting(60 * MIN, EXTENDED), 30 * MIN, 10 * MIN],
  ]
  for (const [what, one, left, at] of times) it(what, () => assert.equal(next(one, left), at))
})

describe('a line', () => {
  const id = '3f2b1c9e-0000-4000-8000-000000000000'
  const held = { id, owner: 'ci', username: 'alice', heldAt: null }
  const end = Date.UTC(2026, 10, 24, 14, 30, 59, 999)
  const berlin = new LocalTime('Europe/Berlin')
  const inside = { hasCommands: true, selfService: true, localTime: berlin }
  const warning = { end, left: MIN, extended: false }

  const lines: [left: number, what: string][] = [
    [10 * MIN, '10 minutes'],
    [10 * MIN - 4 * S, '10 minutes'],
    [10 * MIN - 6 * S, '9 minutes'],
    [MIN, '1 minute'],
    [MIN - 6 * S, '54 seconds'],
    [6_999, '6 seconds'],
  ]
  for (const [ms, what] of lines) {
    it(`of a warning: ${what} left`, () => {
      const line = lineOf(held, warning, { ...inside, now: end - ms })
      assert.equal(line, `${what} left, until 15:30 CET (14:30 UTC). To stay: extend 30m`)
      assert.ok(`*** ${line} ***`.length < 80)
    })
  }

  it('of a warning says only what works in that container', () => {
    const lineWith = (some: object) => lineOf(held, warning, { ...inside, now: end - MIN, ...some })
    assert.match(lineWith({ hasCommands: false }), / To stay, where you reserved it: berth extend 3f2b1c9e --by 30m$/)
    assert.match(lineWith({ selfService: false }), / To stay, ask the Berth user ci, who reserved it\.$/)
  })

  it('of an extension, of one that still ends soon, and of a hold', () => {
    const notice = { end, left: null, extended: true }
    const moved = 'Extended until 2026-11-24 15:30 CET (14:30 UTC).'
    assert.equal(lineOf(held, notice, { ...inside, now: end - 90 * MIN }), moved)
    assert.equal(
      lineOf(held, { ...notice, left: 10 * MIN }, { ...inside, now: end - 5 * MIN }),
      `${moved} 5 minutes left, until 15:30 CET (14:30 UTC). To stay: extend 30m`,
    )
    // A hold may end earlier than the reservation would have.
    const onHold = { ...held, heldAt: end - 90 * MIN }
    assert.equal(lineOf(onHold, notice, { ...inside, now: end - 90 * MIN }), moved.replace('Extended', 'On hold'))
  })

  it('before access ends', () => {
    const last = lineOf(held, { end, left: 5 * S, extended: false }, { ...inside, now: end - 4_900 })
    assert.equal(last, 'Time is up. Access ends in 4 seconds; this container is destroyed.')
  })
})
