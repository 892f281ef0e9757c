import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { writeCsv } from '../../../src/http/usage/csv.ts'

/** Parses CSV by RFC 4180. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]]
  for (const [, cell = '', end] of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/g)) {
    rows.at(-1)?.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (end === '\r\n') rows.push([])
  }
  assert.deepEqual(rows.pop(), [], 'it does not end with a line')
  return rows
}

describe('writeCsv', () => {
  const cases: [cell: string | number, written: string][] = [
    ['alice', 'alice'],
    ['ci@lab.example', 'ci@lab.example'],
    ['', ''],
    [12.5, '12.5'],
    [-1, '-1'],
    ['a,b', '"a,b"'],
    ['say "x"', '"say ""x"""'],
    ['two\nlines', '"two\nlines"'],
    ['Žofie', 'Žofie'],
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\tx', "'\tx"],
    ['\r=1', '"\'\r=1"'],
    ['=HYPERLINK("http://evil.example","x")', '"\'=HYPERLINK(""http://evil.example"",""x"")"'],
  ]
  for (const [cell, written] of cases) {
    it(`${JSON.stringify(cell)} as ${JSON.stringify(written)}`, () => {
      assert.equal(writeCsv(['key', 'n'], [[cell, 1]]), `key,n\r\n${written},1\r\n`)
    })
  }

  it('is read back unchanged, except for formulas', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.integer()), { maxLength: 5 }), (rows) => {
        const [header, ...read] = readCsv(writeCsv(['key', 'n'], rows))
        assert.deepEqual(header, ['key', 'n'])
        assert.equal(read.length, rows.length)
        for (const [index, [key, n]] of rows.entries()) {
          const [found = '', number] = read[index] ?? []
          assert.ok(found === key || found === `'${key}`)
          assert.doesNotMatch(found, /^[=+\-@\t\r\n]/)
          assert.equal(number, String(n))
        }
      }),
    )
  })
})
