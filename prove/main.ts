/**
 * `just prove`: runs every proof as thoroughly as it can, and writes docs/reliability.md, with what was tried. With
 * names of proofs ("residue soak") it runs only those, and renews their rows.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'
import { refuse } from '../lab/command-line.ts'
import { readTried } from '../lab/proof.ts'
import { thisMachine } from './machine.ts'
import { type Proof, reliability } from './report.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PROOFS = join(ROOT, 'test/proofs')
const REPORT = join(ROOT, 'docs/reliability.md')
const ENDING = '.test.ts'

/** Runs these files, shows their progress, and returns what they have tried, without files in which a test failed. */
async function prove(files: readonly string[]): Promise<{ proofs: Proof[]; failed: ReadonlySet<string> }> {
  const proofs: Proof[] = []
  const failed = new Set<string>()
  const events = run({ files: files.map((file) => join(PROOFS, file)), concurrency: 2 })
  events.on('test:diagnostic', ({ message, file }) => {
    const tried = readTried(message)
    if (tried) proofs.push({ ...tried, file: basename(file ?? '') })
  })
  events.on('test:fail', ({ file }) => void failed.add(basename(file ?? '')))
  for await (const line of events.compose(new spec())) process.stdout.write(String(line))
  return { proofs: proofs.filter(({ file }) => !failed.has(file)), failed }
}

async function main(wanted: readonly string[]): Promise<void> {
  const all = readdirSync(PROOFS)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length))
    .toSorted()
  const unknown = wanted.filter((name) => !all.includes(name))
  if (unknown.length > 0) refuse(`just prove: no such proof: ${unknown.join(', ')}; there are ${all.join(', ')}`)
  const files = (wanted.length > 0 ? wanted : all).map((name) => name + ENDING)
  const { proofs, failed } = await prove(files)
  const before = existsSync(REPORT) ? readFileSync(REPORT, 'utf8') : ''
  writeFileSync(REPORT, reliability(proofs, { at: new Date(), machine: await thisMachine(), files }, before))
  if (failed.size > 0) process.exitCode = 1
}

await main(process.argv.slice(2))
