import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  clockText,
  durationText,
  exactText,
  leftText,
  timeOfDay,
  type TimeWords,
  untilText,
} from '../../web/src/words/time.ts'
import { CLOCK_TEXT } from '../support/browser/clock-text.ts'

const BERLIN = { timeZone: 'Europe/Berlin', locale: 'en-GB' }
const UTC = { timeZone: 'UTC', locale: 'en-GB' }
const NOON = Date.parse('2026-11-29T12:00:00Z')

describe('durations', () => {
  const cases: readonly [ms: number, text: string][] = [
    [-5_000, '0 s'],
    [0, '0 s'],
    [9_999, '9 s'],
    [60_000, '1 min'],
    [249_000, '4 min 09 s'],
    [599_000, '9 min 59 s'],
    [600_000, '10 min'],
    [2_339_000, '38 min'],
    [3_600_000, '1 h'],
    [3_900_000, '1 h 05 min'],
    [86_400_000, '1 d'],
    [97_200_000, '1 d 3 h'],
  ]
  for (const [ms, text] of cases) {
    it(`writes ${ms} ms as ${text}`, () => equal(durationText(ms), text))
  }
})

describe('times', () => {
  it('are written in the zone of the viewer', () => {
    equal(clockText(NOON, NOON, BERLIN), '13:00')
    equal(clockText(NOON, NOON, UTC), '12:00')
    equal(timeOfDay(NOON + 11_000, UTC), '12:00:11')
  })

  it('have a date on another day of that zone', () => {
    const beforeMidnight = Date.parse('2026-11-29T22:30:00Z')
    const afterMidnight = Date.parse('2026-11-29T23:30:00Z')
    equal(clockText(afterMidnight, beforeMidnight, UTC), '23:30')
    match(clockText(afterMidnight, beforeMidnight, BERLIN), /^Mon,? 30 Nov,? 00:30$/)
    for (const zone of [UTC, BERLIN]) {
      match(clockText(afterMidnight, beforeMidnight, zone), new RegExp(`^${CLOCK_TEXT}$`))
    }
  })

  it('name the zone where they are exact', () => {
    match(exactText(NOON, UTC), /29 Nov 2026.*12:00:00.*UTC/)
  })

  it('say what has happened, or is about to, once the time has passed', () => {
    const end = NOON + 38 * 60_000
    const left = { end, passed: 'expired', before: 'in ' }
    equal(leftText(left, NOON, UTC), 'in 38 min · until 12:38')
    equal(leftText({ ...left, word: 'at' }, NOON, UTC), 'in 38 min · at 12:38')
    equal(leftText(left, NOON, null), 'in 38 min')
    deepEqual([leftText(left, end, UTC), leftText(left, end + 1, null)], ['expired', 'expired'])
  })

  it('are written by formatters that are kept', () => {
    const words: TimeWords = { ...BERLIN, formatters: new Map() }
    const texts = () => [clockText(NOON, NOON, words), timeOfDay(NOON, words), exactText(NOON, words)]
    const first = texts()
    const made = [...(words.formatters?.values() ?? [])]
    deepEqual([made.length, texts()], [4, first])
    const kept = [...(words.formatters?.values() ?? [])]
    ok(kept.every((one, index) => one === made[index]))
    equal(clockText(NOON, NOON, { ...words, locale: 'en-US' }), '13:00')
    equal(clockText(NOON, NOON, { ...words, timeZone: 'UTC' }), '12:00')
    equal(words.formatters?.size, 8)
  })

  it('say how long something lasts, and until when', () => {
    equal(untilText(NOON + 38 * 60_000, NOON, UTC), '38 min · until 12:38')
  })

  it('do not use twelve hours', () => {
    const american = { timeZone: 'UTC', locale: 'en-US' }
    deepEqual([clockText(NOON - 12 * 3_600_000, NOON - 12 * 3_600_000, american)], ['00:00'])
  })
})
