/**
 * `just prove`: runs every proof as thoroughly as it can, and writes docs/reliability.md, with what was tried. With names of
 * proofs ("residue soak") it runs only those, and writes nothing.
 */
import { execFile } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, release, totalmem } from 'node:os'
import { basename, join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readTried } from '../test/support/proof.ts'
import { type Machine, type Proof, reliability } from './report.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PROOFS = join(ROOT, 'test/proofs')
const ENDING = '.test.ts'

async function machine(): Promise<Machine> {
  const { stdout } = await promisify(execFile)('docker', ['version', '--format', '{{.Server.Version}}'])
  return {
    cores: availableParallelism(),
    memory: totalmem(),
    kernel: release(),
    node: process.versions.node,
    docker: stdout.trim(),
  }
}

/** Runs these files, shows how it goes, and gives what they have tried; null when anything failed. */
async function prove(names: readonly string[]): Promise<Proof[] | null> {
  const proofs: Proof[] = []
  let failed = 0
  const files = names.map((name) => join(PROOFS, `${name}${ENDING}`))
  const events = run({ files, concurrency: 2 })
  events.on('test:diagnostic', ({ message, file }) => {
    const tried = readTried(message)
    if (tried) proofs.push({ ...tried, file: basename(file ?? '') })
  })
  events.on('test:fail', () => {
    failed += 1
  })
  for await (const line of events.compose(new spec())) process.stdout.write(String(line))
  return failed === 0 ? proofs : null
}

async function main(wanted: readonly string[]): Promise<void> {
  const all = readdirSync(PROOFS)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length))
    .toSorted()
  const unknown = wanted.filter((name) => !all.includes(name))
  if (unknown.length > 0) throw new Error(`no such proof: ${unknown.join(', ')}; there are ${all.join(', ')}`)
  const began = performance.now()
  const proofs = await prove(wanted.length > 0 ? wanted : all)
  if (!proofs) process.exitCode = 1
  else if (wanted.length === 0) {
    const seconds = (performance.now() - began) / 1_000
    const report = reliability(proofs, { at: new Date(), seconds, machine: await machine() })
    writeFileSync(join(ROOT, 'docs/reliability.md'), report)
  }
}

await main(process.argv.slice(2))
