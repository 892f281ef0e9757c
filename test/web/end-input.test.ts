import { deepEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { endHint, readEnd } from '../../web/src/words/end-input.ts'

const BERLIN = { timeZone: 'Europe/Berlin', locale: 'en-GB' }
/** 14:20:30 in Berlin. */
const NOW = Date.parse('2026-11-29T13:20:30Z')
const MINUTE = 60_000

describe('the end of a reservation, as it is typed', () => {
  const cases: readonly [typed: string, duration: string | null, minutes: number | null][] = [
    ['', null, null],
    ['  ', null, null],
    ['90m', '90m', 90],
    ['90 min', '90m', 90],
    ['45', '45m', 45],
    ['2h', '2h', 120],
    ['1,5 hours', '1.5h', 90],
    ['1d', '1d', 1_440],
    ['30 S', '30s', 0.5],
    ['until 15:40', '4770s', 79.5],
    ['15:40', '4770s', 79.5],
    ['9.05', '67470s', 1_124.5],
    ['14:20', '86370s', 1_439.5],
    ['soon', 'soon', null],
    ['PT1H30M', 'PT1H30M', null],
    ['25:00', '25:00', null],
    ['-5', '-5', null],
  ]
  for (const [typed, duration, minutes] of cases) {
    it(`“${typed}” is ${duration ?? "the pool's default"}`, () => {
      const read = readEnd(typed, NOW, BERLIN)
      deepEqual([read?.duration ?? null, read?.ms ?? null], [duration, minutes === null ? null : minutes * MINUTE])
    })
  }

  it('keeps the time of day when clocks are put back at night', () => {
    // 23:00 in Berlin on 24 October 2026; the clock is put back at 3:00.
    const evening = Date.parse('2026-10-24T21:00:00Z')
    equal(readEnd('6:00', evening, BERLIN)?.ms, 8 * 60 * MINUTE)
  })

  it('is explained below the field', () => {
    const hint = (typed: string) => endHint(readEnd(typed, NOW, BERLIN), 60 * MINUTE, NOW, BERLIN)
    deepEqual(['', '45', '15:40', 'soon'].map(hint), [
      'Default: 1 h · until 15:20',
      '45 min · until 15:05',
      '1 h 19 min · until 15:40',
      null,
    ])
  })
})
