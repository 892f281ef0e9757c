/** Writes docs/reliability.md from what a run of the proofs has tried. Pure. */
import { inWords, type Machine } from './machine.ts'
import type { Tried } from '../lab/proof.ts'

export interface Proof extends Tried {
  /** "residue.test.ts" */
  readonly file: string
}

interface Run {
  readonly at: Date
  readonly machine: Machine
  /** Files that were run, also those that failed. */
  readonly files: readonly string[]
}

/**
 * Returns the report: one row for each promise, in the order of the files and of their tests. `before` is the previous
 * report: its rows of files that were not run stay, and so do its sections after the table. A file in which something
 * failed has no rows in `proofs`, and gets one that says so.
 */
export function reliability(proofs: readonly Proof[], { at, machine, files }: Run, before = ''): string {
  const place = inWords(machine)
  const day = at.toISOString().slice(0, 10)
  const fresh = [...Map.groupBy(proofs, ({ file, promise }) => `${file} ${promise}`).values()].map((same) =>
    row(same, day),
  )
  const failed = files.filter((file) => !fresh.some((one) => one.file === file)).map((file) => failure(file, day))
  const rows = [...rowsOf(before).filter(({ file }) => !files.includes(file)), ...fresh, ...failed]
  return `# What Berth promises, and how that is shown

Made by \`just prove\`, last on ${day}, on ${place}. Anyone can run it. \`just test\` runs the same tests, with
less effort, before every change. Each row is a test of that name in [test/proofs](../test/proofs), and says what its last thorough run
tried without a failure, or that it failed; what is *not* promised is in [security.md](security.md).

| promised | shown by | tried | on |
|---|---|---|---|
${rows
  .toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0))
  .map(({ text }) => text)
  .join('\n')}
${sectionsOf(before)}`
}

/** Returns the sections after the table, which are written by hand. */
function sectionsOf(report: string): string {
  return report.match(/\n## .*/s)?.[0] ?? ''
}

export interface Row {
  readonly file: string
  readonly promise: string
  /** The row as it is written. */
  readonly text: string
}

function row(same: readonly Proof[], day: string): Row {
  const [{ file, promise } = { file: '', promise: '' }] = same
  const tried = same.map(({ cases, what }) => `${what}: ${cases.toLocaleString('en')}`).join('; ')
  const name = file.replace('.test.ts', '')
  return { file, promise, text: `| ${promise} | [${name}](../test/proofs/${file}) | ${tried} | ${day} |` }
}

export const NOT_SHOWN = 'not shown: the last thorough run failed'

function failure(file: string, day: string): Row {
  const name = file.replace('.test.ts', '')
  return { file, promise: NOT_SHOWN, text: `| ${NOT_SHOWN} | [${name}](../test/proofs/${file}) | | ${day} |` }
}

/** The rows of a report. */
export function rowsOf(report: string): Row[] {
  const pattern = /^\| (.+?) \| \[[\w-]+\]\(\.\.\/test\/proofs\/([\w-]+\.test\.ts)\) \|.*\|$/gm
  return [...report.matchAll(pattern)].map(([text, promise = '', file = '']) => ({ file, promise, text }))
}
