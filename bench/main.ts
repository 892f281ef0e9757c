/**
 * `just bench`: measures how fast Berth is beside what the machine can do, and writes docs/performance.md. With names
 * of groups ("reserve end") it measures only those, and renews their sections; without, all but those that take very
 * long, which --all adds. --json prints the figures as JSON; --print writes no file. --containers 100 makes
 * "thousand" smaller, to try it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { reasonOf } from '../src/domain/errors.ts'
import { parseCommandLine, refuse } from '../lab/command-line.ts'
import { type Machine, thisMachine } from '../prove/machine.ts'
import { GROUPS } from './groups/all.ts'
import { type Group, Lab } from './session.ts'
import { processMs } from './measuring.ts'
import { type Entry, FAILED, HEADER, type Measured, performanceReport, rowOf } from './report.ts'

const REPORT = fileURLToPath(new URL('../docs/performance.md', import.meta.url))

const { values: options, positionals: names } = parseCommandLine('just bench', {
  allowPositionals: true,
  options: {
    all: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    print: { type: 'boolean', default: false },
    /** The first of 2,300 ports that nothing else uses. */
    'first-port': { type: 'string', default: '21000' },
    /** How many containers the group "thousand" has. */
    containers: { type: 'string', default: '1000' },
  },
})

function wanted(): readonly Group[] {
  const unknown = names.filter((name) => !GROUPS.some((group) => group.name === name))
  if (unknown.length > 0) {
    refuse(
      `just bench: no such benchmark: ${unknown.join(', ')}; there are ${GROUPS.map(({ name }) => name).join(', ')}`,
    )
  }
  if (names.length > 0) return GROUPS.filter(({ name }) => names.includes(name))
  return GROUPS.filter(({ long }) => options.all || !long)
}

/** What a group measured before it failed counts; that it failed is said. */
async function measure(group: Group, lab: Lab, on: Machine): Promise<Measured> {
  const conditions = { load: loadavg()[0] ?? 0, processMs: processMs() }
  const began = performance.now()
  const at = new Date()
  const entries: Entry[] = []
  const add = (entry: Entry) => {
    entries.push(entry)
    show(rowOf(entry))
  }
  show(`\n## ${group.name}\n\n${HEADER}`)
  try {
    for await (const entry of group.measure(lab)) add(entry)
  } catch (error) {
    process.stderr.write(`${group.name}: ${error instanceof Error ? error.stack : reasonOf(error)}\n`)
    add({ what: entries.length > 0 ? 'the rest' : group.name, remark: FAILED })
    process.exitCode = 1
  }
  const seconds = (performance.now() - began) / 1_000
  return { group: group.name, entries, at, machine: on, ...conditions, seconds }
}

/** Shows progress; with --json, stdout is for a program. */
function show(text: string): void {
  process[options.json ? 'stderr' : 'stdout'].write(`${text}\n`)
}

async function main(): Promise<void> {
  const groups = wanted()
  const on = await thisMachine()
  const lab = new Lab({ firstPort: Number(options['first-port']), thousand: Number(options.containers) })
  let over = false
  const interrupted = async () => {
    if (over) return
    over = true
    await lab.docker.makeNoMore()
    await lab[Symbol.asyncDispose]()
    process.exit(130)
  }
  // The signal may come more than once: from the terminal to all processes, and passed on by `just`.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void interrupted())
  const all: Measured[] = []
  try {
    for (const group of groups) {
      const measured = await measure(group, lab, on)
      // An interrupted group has not failed.
      if (over) return
      all.push(measured)
      // After each group, so that an interrupt during the next one loses nothing.
      if (!options.print) save(all)
    }
  } finally {
    await lab[Symbol.asyncDispose]()
  }
  if (options.json) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`)
}

function save(all: readonly Measured[]): void {
  const before = existsSync(REPORT) ? readFileSync(REPORT, 'utf8') : ''
  writeFileSync(REPORT, performanceReport(GROUPS, all, before))
}

await main()
