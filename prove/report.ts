/** docs/reliability.md, from what a run of all proofs has tried. Pure. */
import type { Tried } from '../test/support/proof.ts'

export interface Proof extends Tried {
  /** "residue.test.ts" */
  readonly file: string
}

export interface Machine {
  readonly cores: number
  /** Bytes. */
  readonly memory: number
  readonly kernel: string
  readonly node: string
  readonly docker: string
}

interface Run {
  readonly at: Date
  readonly seconds: number
  readonly machine: Machine
}

/** One row for each promise, in the order of the files and of the tests in them. */
export function reliability(proofs: readonly Proof[], { at, seconds, machine }: Run): string {
  const { cores, memory, kernel, node, docker } = machine
  const place = `${cores} cores, ${Math.round(memory / 2 ** 30)} GiB, Linux ${kernel.replace(/-.*/, '')}`
  const rows = [...Map.groupBy(proofs, ({ file, promise }) => `${file} ${promise}`).values()].map(row)
  return `# What Berth promises, and how that is shown

Made by \`just prove\` on ${at.toISOString().slice(0, 10)}, in ${Math.round(seconds / 60)} minutes, without a failure, on ${place}, Docker ${docker}, Node ${node}.
Anyone can run it. \`just test\` runs the same tests, with less effort, before every change. Each row is a test of that name in
[test/proofs](../test/proofs); what is *not* promised is in [security.md](security.md).

| promised | shown by | tried in this run |
|---|---|---|
${rows
  .toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0))
  .map(({ text }) => text)
  .join('\n')}
`
}

function row(same: readonly Proof[]): { file: string; text: string } {
  const [{ file, promise } = { file: '', promise: '' }] = same
  const tried = same.map(({ cases, what }) => `${cases.toLocaleString('en')} ${what}`).join(', ')
  const name = file.replace('.test.ts', '')
  return { file, text: `| ${promise.replaceAll('|', '\\|')} | [${name}](../test/proofs/${file}) | ${tried} |` }
}
