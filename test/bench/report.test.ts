import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { GROUPS } from '../../bench/groups/all.ts'
import { bestOf, median } from '../../bench/measuring.ts'
import { percentile } from '../../lab/percentile.ts'
import {
  FAILED,
  type Figure,
  isMet,
  type Measured,
  NOT_YET,
  performanceReport,
  sectionsOf,
} from '../../bench/report.ts'

const ABOUT = [
  { name: 'quick', about: 'What is quick.' },
  { name: 'slow', about: 'What is slow.' },
]

const figure = (some: Partial<Figure> = {}): Figure => ({
  what: 'one',
  value: 30,
  unit: 'ms',
  how: 'median of 15',
  limit: { what: 'by hand', value: 100, unit: 'ms' },
  target: { of: 'limit', is: 'under', than: 0.25 },
  ...some,
})

const measured = (group: string, some: Partial<Measured> = {}): Measured => ({
  group,
  entries: [figure()],
  at: new Date('2026-11-24T23:00:00Z'),
  load: 0.44,
  processMs: 1.234,
  seconds: 12.3,
  machine: { cores: 2, memory: 24 * 2 ** 30, kernel: '6.1.0-9-amd64', node: '24.1.0', docker: '20.10.24' },
  ...some,
})

describe('the report', () => {
  it('shows each figure beside its limit and its target, and under which conditions it was measured', () => {
    const report = performanceReport(ABOUT, [measured('quick')])
    const row = '| one | 30 ms, median of 15 | 100 ms: by hand | 0.30 | under 0.25 × the limit | **missed** |'
    assert.ok(report.includes(`## quick\n\nWhat is quick.\n\n| what |`), report)
    assert.ok(report.includes(row), report)
    assert.match(
      report,
      /^On 2026-11-24: 2 cores, 24 GiB, Linux 6\.1\.0, Docker 20\.10\.24, Node 24\.1\.0; load average 0\.4 and `true` in 1\.23 ms .* 12 s\.$/m,
    )
  })

  it('says what was not measured, and keeps what was not measured again', () => {
    const first = performanceReport(ABOUT, [measured('slow')])
    assert.match(sectionsOf(first).get('quick') ?? '', new RegExp(NOT_YET))
    const entries = [figure({ value: 20 }), { what: 'the rest', remark: FAILED }]
    const later = performanceReport(ABOUT, [measured('quick', { at: new Date('2026-12-01'), entries })], first)
    assert.equal(sectionsOf(later).get('slow'), sectionsOf(first).get('slow'))
    assert.match(
      sectionsOf(later).get('quick') ?? '',
      /^\| one \| 20 ms.* met \|\n\| the rest \| not measured: .*\n\nOn 2026-12-01/m,
    )
    assert.equal(performanceReport(ABOUT, [], later), later)
  })

  it('knows what has met its target', () => {
    const cases: [Partial<Figure>, met: boolean][] = [
      [{ value: 24 }, true],
      [{ value: 25 }, false],
      [{ value: 25, target: { of: 'limit', is: 'at most', than: 0.25 } }, true],
      [{ value: 26, target: { of: 'limit', is: 'at most', than: 0.25 } }, false],
      [{ value: 80, target: { of: 'limit', is: 'at least', than: 0.8 } }, true],
      [{ value: 79, target: { of: 'limit', is: 'at least', than: 0.8 } }, false],
      [{ value: 999, target: { of: 'figure', is: 'under', than: 1_000 } }, true],
      [{ value: 1_000, target: { of: 'figure', is: 'under', than: 1_000 } }, false],
      [{ value: Number.NaN, target: { of: 'figure', is: 'at most', than: 0 } }, false],
    ]
    for (const [some, met] of cases) {
      const one = figure(some)
      assert.ok(one.target)
      assert.equal(isMet(one, one.target), met, JSON.stringify(some))
    }
  })
})

describe('what is typical', () => {
  it('is the middle one, and the last of so many that only one in a hundred is beyond', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
    assert.deepEqual([median([3, 1, 2]), median(hundred), percentile(hundred, 0.99)], [2, 50, 99])
    assert.equal(percentile([1, 2, 3], 0.99), 3)
    assert.ok(Number.isNaN(median([])))
    const tried = [
      { concurrency: 1, rate: 2 },
      { concurrency: 2, rate: 5 },
      { concurrency: 4, rate: 3 },
    ]
    assert.equal(bestOf(tried).concurrency, 2)
  })
})

describe('docs/performance.md', () => {
  const sections = sectionsOf(readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8'))

  it('tells of every benchmark; if not, `just bench` makes it anew', () => {
    assert.ok(GROUPS.length > 5)
    assert.deepEqual(
      [...sections.keys()],
      GROUPS.map(({ name }) => name),
    )
  })

  it('says of each figure on which machine it was measured', () => {
    for (const [name, section] of sections) {
      if (!section.includes(NOT_YET))
        assert.match(section, /^On \d{4}-\d\d-\d\d: \d+ cores, .*Docker \d.*load average/m, name)
    }
  })
})
