/** Durations and clock times as people write them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readClockTime, readDuration } from '../../../src/cli/options/durations.ts'

describe('a duration', () => {
  const cases: readonly [written: string, read: string | null][] = [
    ['90m', '90m'],
    ['1.5h', '1.5h'],
    ['PT1H30M', 'PT1H30M'],
    ['2 weeks', '14d'],
    ['2weeks', '14d'],
    ['1w', '7d'],
    ['90 min', '90m'],
    ['1h 30m', '90m'],
    ['1h30', '90m'],
    ['1 hour and 30 minutes', '90m'],
    ['1 Day, 2 Hours', '26h'],
    ['45 secs', '45s'],
    ['1.5 days', '36h'],
    ['10', null],
    ['0 minutes', null],
    ['1 month', null],
    ['2 moons', null],
    ['-5 min', null],
    ['5 min later', null],
    ['18:30', null],
    ['', null],
  ]
  for (const [written, read] of cases) {
    it(`"${written}" is ${read ?? 'refused'}`, () => assert.equal(readDuration(written), read))
  }
})

describe('a clock time', () => {
  /** A Tuesday, in the local zone. */
  const now = new Date(2026, 10, 24, 17, 0, 0).getTime()
  const cases: readonly [written: string, day: number, hour: number, minute: number][] = [
    ['18:30', 24, 18, 30],
    ['9:05', 25, 9, 5],
    ['17:00', 25, 17, 0],
    ['6:30pm', 24, 18, 30],
    ['6 PM', 24, 18, 0],
    ['12am', 25, 0, 0],
    ['12pm', 25, 12, 0],
    ['tomorrow 9:00', 25, 9, 0],
    ['tomorrow at 9', 25, 9, 0],
    ['today 16:00', 24, 16, 0],
    ['fri 10:00', 27, 10, 0],
    ['Friday 10:00', 27, 10, 0],
    ['tue 18:00', 24, 18, 0],
    ['Tuesday 16:00', 31, 16, 0],
  ]
  for (const [written, day, hour, minute] of cases) {
    it(`"${written}" is the next one`, () => {
      assert.deepEqual(readClockTime(written, now), new Date(2026, 10, day, hour, minute))
    })
  }

  for (const written of ['10', '25:00', '18:60', '13pm', '0am', 'noon', 'tomorrow', '90m', '']) {
    it(`"${written}" is refused`, () => assert.equal(readClockTime(written, now), null))
  }
})
