import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatDuration, parseDuration, shortSpan } from '../../../src/domain/text/duration.ts'

const MINUTE = 60_000

it('reads what people and ISO 8601 write', () => {
  const cases: Record<string, number> = {
    '90s': 90_000,
    '90m': 90 * MINUTE,
    '1.5h': 90 * MINUTE,
    '7d': 7 * 24 * 60 * MINUTE,
    '2 h': 120 * MINUTE,
    PT1H30M: 90 * MINUTE,
    P1D: 24 * 60 * MINUTE,
    P1DT30S: 24 * 60 * MINUTE + 30_000,
    PT90M: 90 * MINUTE,
  }
  for (const [text, ms] of Object.entries(cases)) assert.equal(parseDuration(text), ms, text)
})

it('reads nothing else', () => {
  for (const text of [
    '',
    '90',
    'm',
    '-1m',
    '1e3m',
    '1m30s',
    'P',
    'PT',
    'P1Y',
    'P1M',
    'PT1.5H',
    'P1DT',
    'ten minutes',
    '٣m',
  ]) {
    assert.equal(parseDuration(text), null, text)
  }
})

it('writes what it reads', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10 ** 10 - 1 }),
      (s) => parseDuration(formatDuration(s * 1_000)) === s * 1_000,
    ),
  )
  assert.deepEqual([90_000, 5_400_000, 7_200_000, 86_400_000, 1_500].map(formatDuration), [
    '90s',
    '90m',
    '2h',
    '1d',
    '1.5s',
  ])
})

describe('a time span', () => {
  const spans: [ms: number, shown: string][] = [
    [-1, '0 s'],
    [45_999, '45 s'],
    [60_000, '1 min'],
    [4_320_000, '1 h 12 min'],
    [7_200_000, '2 h'],
  ]
  for (const [ms, shown] of spans) it(shown, () => assert.equal(shortSpan(ms), shown))
})
