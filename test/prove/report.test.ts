import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Proof, reliability } from '../../prove/report.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PROOFS = join(ROOT, 'test/proofs')

const run = {
  at: new Date('2026-11-24T23:00:00Z'),
  seconds: 630,
  machine: { cores: 2, memory: 24 * 2 ** 30, kernel: '6.1.0-9-amd64', node: '24.1.0', docker: '20.10.24' },
}

interface Row {
  readonly promise: string
  readonly file: string
}

function rowsOf(report: string): Row[] {
  return [...report.matchAll(/^\| (.+) \| \[[\w-]+\]\(\.\.\/test\/proofs\/([\w-]+\.test\.ts)\) \| .+ \|$/gm)].map(
    ([, promise = '', file = '']) => ({ promise, file }),
  )
}

describe('the report', () => {
  const proofs: Proof[] = [
    { file: 'b.test.ts', promise: 'Nothing leaks', cases: 1_234, what: 'markers' },
    { file: 'a.test.ts', promise: 'Nothing is lost', cases: 7, what: 'kills' },
    { file: 'b.test.ts', promise: 'Nothing leaks', cases: 2, what: 'bases' },
  ]

  it('has a row for each promise, and all that was tried for it', () => {
    const report = reliability(proofs, run)
    assert.match(report, /on 2026-11-24, in 11 minutes, .* 2 cores, 24 GiB, Linux 6\.1\.0, Docker 20\.10\.24/)
    assert.deepEqual(rowsOf(report), [
      { promise: 'Nothing is lost', file: 'a.test.ts' },
      { promise: 'Nothing leaks', file: 'b.test.ts' },
    ])
    assert.match(report, /^\| Nothing leaks \| .* \| 1,234 markers, 2 bases \|$/m)
  })
})

describe('docs/reliability.md', () => {
  const rows = rowsOf(readFileSync(join(ROOT, 'docs/reliability.md'), 'utf8'))

  it('says only what a test of that name shows', () => {
    for (const { promise, file } of rows) {
      assert.ok(readFileSync(join(PROOFS, file), 'utf8').includes(promise), `${file} has no test "${promise}"`)
    }
  })

  it('tells of every proof; if not, `just prove` makes it anew', () => {
    const files = readdirSync(PROOFS).filter((file) => file.endsWith('.test.ts'))
    assert.ok(files.length > 5)
    assert.deepEqual([...new Set(rows.map(({ file }) => file))].toSorted(), files.toSorted())
  })
})
