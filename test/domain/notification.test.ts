import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dueNotification, lineOf, motdOf, nextNotificationAt } from '../../src/domain/notification.ts'
import type { Reservation } from '../../src/domain/reservation.ts'
import { NOW, reservation } from '../../lab/rows.ts'

const S = 1_000
const MIN = 60 * S

/** Of an hour that began at NOW, unless wished otherwise; its end is known to its terminals. */
function lasting(ms: number, some: Partial<Reservation> = {}): Reservation {
  const end = NOW + ms
  return reservation({ activeAt: NOW, expiresAt: end, notifiedEnd: end, notifiedLeft: null, ...some })
}

/** Time before the end -> what is due then: minutes of the warning, "extended", both, or nothing. */
function dueAt(one: Reservation, left: number): string {
  const notice = dueNotification(one, (one.expiresAt ?? 0) - left)
  if (!notice) return ''
  assert.equal(notice.end, one.expiresAt)
  const words = [notice.extended ? 'extended' : '', notice.left === null ? '' : `${notice.left / MIN}m`]
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
    [1, '1m'],
    [0, ''],
    [-1, ''],
  ],
  'an hour, warned once': [
    lasting(60 * MIN, WARNED),
    [10 * MIN, ''],
    [1 * MIN + 1, ''],
    [1 * MIN, '1m'],
    [1, '1m'],
    [0, ''],
  ],
  'an hour, warned twice': [lasting(60 * MIN, { notifiedLeft: MIN }), [1 * MIN, ''], [1, '']],
  'the clock was set back after the last warning': [
    lasting(60 * MIN, { notifiedLeft: MIN }),
    [30 * MIN, ''],
    [10 * MIN, ''],
    [1 * MIN, ''],
  ],
  'ten minutes: nobody is warned of an end that was just agreed upon': [
    lasting(10 * MIN),
    [10 * MIN, ''],
    [5 * MIN, ''],
    [1 * MIN, '1m'],
  ],
  'a bit more than ten minutes': [lasting(10 * MIN + 1), [10 * MIN + 1, ''], [10 * MIN, '10m']],
  'one minute': [lasting(MIN), [MIN, ''], [1, '']],
  'extended, not told yet': [
    lasting(60 * MIN, EXTENDED),
    [59 * MIN, 'extended'],
    [10 * MIN, 'extended 10m'],
    [MIN, 'extended 1m'],
    [0, ''],
  ],
  'extended and told: it is warned of again': [
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

describe('the next thing to tell', () => {
  const next = (one: Reservation, left: number) =>
    (one.expiresAt ?? 0) - nextNotificationAt(one, (one.expiresAt ?? 0) - left)
  const never = Number.NEGATIVE_INFINITY
  const times: [what: string, one: Reservation, left: number, at: number][] = [
    ['in an hour', HOUR, 60 * MIN, 10 * MIN],
    ['between the warnings', HOUR, 10 * MIN, MIN],
    ['after the last', HOUR, MIN, never],
    ['after the end', HOUR, -1, never],
    ['warned before its time, as the clock was set back', lasting(60 * MIN, WARNED), 30 * MIN, MIN],
    ['of a short one', lasting(5 * MIN), 5 * MIN, MIN],
    ['extended: the end before does not count', lasting(60 * MIN, EXTENDED), 30 * MIN, 10 * MIN],
  ]
  for (const [what, one, left, at] of times) it(what, () => assert.equal(next(one, left), at))
})

describe('the words', () => {
  const id = '3f2b1c9e-0000-4000-8000-000000000000'
  const end = Date.UTC(2026, 10, 24, 14, 30, 59, 999)

  it('of the motd: who, until when, and how to stay', () => {
    assert.equal(
      motdOf(reservation({ id, owner: 'ci' }), end),
      `
This container of pool p is held by alice (ci) until 2026-11-24 14:30 UTC. Then it is destroyed.
To extend it: berth extend 3f2b1c9e --by 30m
          or: PATCH /v1/reservations/${id} {"extend": "30m"}

`,
    )
  })

  it('of the motd: an owner without a name of its own, and calls that keep it alive', () => {
    const motd = motdOf(reservation({ keepaliveMs: 5 * MIN }), end)
    assert.match(motd, / by alice until /)
    assert.match(motd, /earlier unless every 5m .*\n.*POST \/v1\/reservations\/r\/keepalive\n/)
  })

  it('of the motd: a name from elsewhere steers no terminal and begins no line', () => {
    const motd = motdOf(reservation({ owner: 'oidc:\u001b[2J\u009b\r\nroot\u202e' }), end)
    assert.match(motd, /\(oidc:\?\[2J\?\?\?root\?\)/)
  })

  const lines: [left: number, what: string][] = [
    [10 * MIN, '10 minutes'],
    [10 * MIN - 4 * S, '10 minutes'],
    [10 * MIN - 6 * S, '9 minutes'],
    [MIN, '1 minute'],
    [MIN - 6 * S, '54 seconds'],
    [1_999, '1 second'],
  ]
  for (const [ms, what] of lines) {
    it(`of a warning: ${what} left`, () => {
      const line = lineOf({ id }, { end, left: MIN, extended: false }, end - ms)
      assert.equal(line, `${what} left (14:30 UTC). To stay: berth extend 3f2b1c9e --by 30m`)
      assert.ok(`*** ${line} ***`.length < 80)
    })
  }

  it('of an extension, and of one that ends soon all the same', () => {
    const notice = { end, left: null, extended: true }
    assert.equal(lineOf({ id }, notice, end - 90 * MIN), 'Extended until 2026-11-24 14:30 UTC.')
    assert.equal(
      lineOf({ id }, { ...notice, left: 10 * MIN }, end - 5 * MIN),
      'Extended until 2026-11-24 14:30 UTC. 5 minutes left (14:30 UTC). To stay: berth extend 3f2b1c9e --by 30m',
    )
    // It may be earlier than before.
    assert.equal(lineOf({ id, heldAt: end - 90 * MIN }, notice, end - 90 * MIN), 'On hold until 2026-11-24 14:30 UTC.')
  })
})
