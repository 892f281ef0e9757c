import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { NOT_SHOWN, type Proof, reliability, rowsOf } from '../../prove/report.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PROOFS = join(ROOT, 'test/proofs')

const run = {
  at: new Date('2026-11-24T23:00:00Z'),
  machine: { cores: 2, memory: 24 * 2 ** 30, kernel: '6.1.0-9-amd64', node: '24.1.0', docker: '20.10.24' },
  files: ['a.test.ts', 'b.test.ts'],
}

const brief = (report: string) => rowsOf(report).map(({ file, promise }) => `${file}: ${promise}`)

describe('the report', () => {
  const proofs: Proof[] = [
    { file: 'b.test.ts', promise: 'Nothing leaks', cases: 1_234, what: 'markers' },
    { file: 'a.test.ts', promise: 'Nothing is lost', cases: 7, what: 'kills' },
    { file: 'b.test.ts', promise: 'Nothing leaks', cases: 2, what: 'bases' },
  ]

  it('has a row for each promise, and all that was tried for it', () => {
    const report = reliability(proofs, run)
    assert.match(report, /last on 2026-11-24, on 2 cores, 24 GiB, Linux 6\.1\.0, Docker 20\.10\.24, Node 24\.1\.0/)
    assert.deepEqual(brief(report), ['a.test.ts: Nothing is lost', 'b.test.ts: Nothing leaks'])
    assert.match(report, /^\| Nothing leaks \| .* \| markers: 1,234; bases: 2 \| 2026-11-24 \|$/m)
  })

  it('keeps what was not run again, and says what failed', () => {
    const before = reliability(proofs, run)
    const later = { ...run, at: new Date('2026-12-01T00:00:00Z'), files: ['b.test.ts', 'c.test.ts'] }
    const again = reliability([{ file: 'c.test.ts', promise: 'Nobody is in', cases: 1, what: 'look' }], later, before)
    assert.deepEqual(brief(again), ['a.test.ts: Nothing is lost', `b.test.ts: ${NOT_SHOWN}`, 'c.test.ts: Nobody is in'])
    assert.match(again, /^\| Nothing is lost \| .* \| 2026-11-24 \|$/m)
    assert.match(again, /^\| Nobody is in \| .* \| 2026-12-01 \|$/m)
  })

  it('keeps the sections after the table', () => {
    const section = '\n## Elsewhere\n\nIt ran there.\n\n## And here\n\nToo.\n'
    const again = reliability(proofs, run, reliability(proofs, run) + section)
    assert.ok(again.endsWith(`2026-11-24 |\n${section}`), again)
    assert.ok(reliability(proofs, run).endsWith('2026-11-24 |\n'))
  })
})

describe('docs/reliability.md', () => {
  const rows = rowsOf(readFileSync(join(ROOT, 'docs/reliability.md'), 'utf8'))

  it('says only what a test of that name shows', () => {
    for (const { promise, file } of rows.filter((row) => row.promise !== NOT_SHOWN)) {
      assert.ok(readFileSync(join(PROOFS, file), 'utf8').includes(promise), `${file} has no test "${promise}"`)
    }
  })

  it('has a row for every proof; if not, run `just prove`', () => {
    const files = readdirSync(PROOFS).filter((file) => file.endsWith('.test.ts'))
    assert.ok(files.length > 5)
    assert.deepEqual([...new Set(rows.map(({ file }) => file))].toSorted(), files.toSorted())
  })
})
