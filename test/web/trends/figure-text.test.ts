import { deepEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  countText,
  secondsAxisText,
  secondsText,
  stepLengthText,
  stepText,
  timeAxisTexts,
} from '../../../web/src/pages/trends/figure-text.ts'

const BERLIN = { timeZone: 'Europe/Berlin', locale: 'en-GB' }
const UTC = { timeZone: 'UTC', locale: 'en-GB' }
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const at = (text: string) => Date.parse(`2026-11-${text}Z`)
const NOW = at('29T12:30:00')

describe('figures', () => {
  const counts: readonly [value: number, text: string][] = [
    [0, '0'],
    [0.004, '0'],
    [0.03, '0.03'],
    [0.25, '0.3'],
    [5.741, '5.7'],
    [10, '10'],
    [1_234, '1,234'],
  ]
  for (const [value, text] of counts) it(`${value} is "${text}"`, () => equal(countText(value), text))

  const durations: readonly [seconds: number, text: string, onAxis: string][] = [
    [0, '0 ms', '0'],
    [0.0004, '0 ms', '0.4 ms'],
    [0.178, '178 ms', '178 ms'],
    [1, '1.0 s', '1 s'],
    [2.34, '2.3 s', '2.34 s'],
    [9.97, '10 s', '9.97 s'],
    [59.7, '1 min', '59.7 s'],
    [125, '2 min 05 s', '2.08 min'],
    [3_600, '1 h', '1 h'],
    [4_320, '1 h 12 min', '1.2 h'],
    [90_000, '25 h', '25 h'],
  ]
  for (const [seconds, text, onAxis] of durations) {
    it(`${seconds} s is "${text}", on an axis "${onAxis}"`, () => {
      equal(secondsText(seconds), text)
      equal(secondsAxisText(seconds), onAxis)
    })
  }

  const steps: readonly [seconds: number, text: string][] = [
    [30, '30 s'],
    [60, '1 min'],
    [900, '15 min'],
    [7_200, '2 h'],
    [86_400, '1 d'],
    [90, '90 s'],
  ]
  for (const [seconds, text] of steps)
    it(`a step of ${seconds} is "${text}"`, () => equal(stepLengthText(seconds), text))
})

describe('steps', () => {
  const cases: readonly [begin: string, stepMs: number, text: string][] = [
    ['29T12:00:00', 15 * MINUTE, '12:00–12:15'],
    ['29T12:00:30', 30_000, '12:00:30–12:01:00'],
    ['28T12:00:00', 2 * HOUR, 'Sat 28 Nov 12:00–14:00'],
    ['28T00:00:00', DAY, 'Sat 28 Nov'],
    ['24T00:00:00', 2 * DAY, 'Tue 24 Nov – Wed 25 Nov'],
  ]
  for (const [begin, stepMs, text] of cases) {
    it(`are named "${text}"`, () => equal(stepText(at(begin), stepMs, NOW, UTC).replaceAll(',', ''), text))
  }

  it('are in the chosen zone', () => equal(stepText(at('29T12:00:00'), HOUR, NOW, BERLIN), '13:00–14:00'))
})

describe('an axis of time', () => {
  const cases: readonly [title: string, ticks: readonly string[], increment: number, texts: readonly string[]][] = [
    [
      'names each day once',
      ['28T20:00:00', '28T22:00:00', '29T00:00:00', '29T02:00:00'],
      2 * HOUR,
      ['20:00\n28 Nov', '22:00', '00:00\n29 Nov', '02:00'],
    ],
    ['has days only in steps of days', ['27T00:00:00', '28T00:00:00'], DAY, ['27 Nov', '28 Nov']],
    ['has seconds in short steps', ['29T12:00:00', '29T12:00:30'], 30_000, ['12:00:00\n29 Nov', '12:00:30']],
  ]
  for (const [title, ticks, increment, texts] of cases) {
    it(title, () => deepEqual(timeAxisTexts(ticks.map(at), increment, UTC), texts))
  }

  it('is in the chosen zone', () => deepEqual(timeAxisTexts([at('29T23:00:00')], HOUR, BERLIN), ['00:00\n30 Nov']))
})
