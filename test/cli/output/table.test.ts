import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { tableLines } from '../../../src/cli/output/table.ts'
import { formatDuration, formatTime, timeLeft } from '../../../src/cli/output/format.ts'

interface Row {
  readonly name: string
  readonly size: number
  readonly note: string
}

const COLUMNS = [
  { title: 'NAME', of: (row: Row) => row.name, paint: (text: string) => `<${text}>` },
  { title: 'SIZE', of: (row: Row) => String(row.size), align: 'right' as const },
  { title: 'NOTE', of: (row: Row) => row.note },
]

function draw(rows: readonly Row[], width = Number.POSITIVE_INFINITY): string[] {
  return tableLines(COLUMNS, rows, { width, paintTitle: (text) => text })
}

describe('table', () => {
  it('has columns as wide as their contents, which colours do not change', () => {
    const lines = draw([
      { name: 'a', size: 5, note: 'x' },
      { name: 'longer-name', size: 12_345, note: '' },
    ])
    assert.deepEqual(lines, ['NAME          SIZE  NOTE', '<a          >      5  x', '<longer-name>  12345'])
  })

  it('cuts the last column at the edge of the terminal', () => {
    const [, line] = draw([{ name: 'a', size: 5, note: 'abcdefghijklmnopqrstuvwxyz' }], 24)
    assert.equal(line, '<a   >     5  abcdefghijk…')
  })

  it('makes foreign text safe', () => {
    const [, line] = draw([{ name: 'a\u001b[31m', size: 5, note: 'b\n\u202ec' }])
    assert.equal(line, '<a?[31m>     5  b??c')
  })
})

describe('formats', () => {
  it('round durations', () => {
    const formatted = [0, 999, 59_499, 60_000, 89_999, 90_000, 3_599_999, 5_400_000, 86_400_000, 93_600_000].map(
      formatDuration,
    )
    assert.deepEqual(formatted, ['0s', '1s', '59s', '1m', '1m', '2m', '1h', '1h 30m', '1d', '1d 2h'])
    const now = Date.parse('2026-11-24T12:00:00Z')
    assert.equal(timeLeft('2026-11-24T12:30:00Z', now), '30m')
    assert.equal(timeLeft('2026-11-24T11:00:00Z', now), '0s')
    assert.equal(timeLeft(null, now), '')
  })

  it('show as much of a date as is needed', () => {
    const now = new Date(2026, 10, 24, 12, 0).getTime()
    const at = (...parts: [number, number, number, number, number]) => formatTime(new Date(...parts).toISOString(), now)
    assert.equal(at(2026, 10, 24, 8, 5), '08:05')
    assert.equal(at(2026, 10, 26, 8, 5), 'Thu 08:05')
    assert.equal(at(2026, 11, 24, 8, 5), '2026-12-24 08:05')
    assert.equal(formatTime(new Date(2026, 10, 24, 8, 5, 9).toISOString(), now, 'seconds'), '08:05:09')
  })
})
