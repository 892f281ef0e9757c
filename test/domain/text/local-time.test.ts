import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isTimeZone, LocalTime, zoneOfMachine } from '../../../src/domain/text/local-time.ts'

const WINTER = Date.UTC(2026, 10, 24, 14, 30, 59, 999)
const SUMMER = Date.UTC(2026, 6, 24, 14, 30)
const LATE = Date.UTC(2026, 10, 24, 23, 30)

describe('a local time', () => {
  const cases: [zone: string, time: number, shown: string][] = [
    ['Europe/Berlin', WINTER, '2026-11-24 15:30 CET (14:30 UTC)'],
    ['Europe/Berlin', SUMMER, '2026-07-24 16:30 CEST (14:30 UTC)'],
    ['Europe/Berlin', LATE, '2026-11-25 00:30 CET (2026-11-24 23:30 UTC)'],
    ['Europe/London', WINTER, '2026-11-24 14:30 GMT (14:30 UTC)'],
    ['America/New_York', WINTER, '2026-11-24 09:30 EST (14:30 UTC)'],
    ['Asia/Kolkata', WINTER, '2026-11-24 20:00 IST (14:30 UTC)'],
    ['Asia/Yerevan', WINTER, '2026-11-24 18:30 GMT+4 (14:30 UTC)'],
    ['UTC', WINTER, '2026-11-24 14:30 UTC'],
  ]
  for (const [zone, time, shown] of cases) {
    it(`in ${zone}: ${shown}`, () => assert.equal(new LocalTime(zone).dateAndTime(time), shown))
  }

  it('is shown without its date where the day is clear', () => {
    assert.equal(new LocalTime('Europe/Berlin').timeOfDay(WINTER), '15:30 CET (14:30 UTC)')
    assert.equal(new LocalTime('UTC').timeOfDay(WINTER), '14:30 UTC')
  })

  it('needs the name of a time zone', () => {
    assert.ok(isTimeZone('Europe/Berlin') && isTimeZone('UTC') && isTimeZone(zoneOfMachine()))
    for (const name of ['', 'Berlin', 'Europe/Berlim', 'here']) assert.ok(!isTimeZone(name), name)
  })
})
