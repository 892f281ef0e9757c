/** Reads from the Justfile how `just run` starts the manager. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

interface RunCommand {
  /** Environment variables. */
  readonly settings: Readonly<Record<string, string>>
  /** Flags of Node. */
  readonly flags: readonly string[]
}

export function readRunCommand(): RunCommand {
  const justfile = readFileSync(new URL('../Justfile', import.meta.url), 'utf8')
  const run = /^run:.*\n +@(?<settings>(?:\w+=\S+ )+)exec node (?<flags>.+) src\/main\.ts$/m.exec(justfile)
  assert.ok(run?.groups, 'the Justfile starts the manager in another way')
  const { settings = '', flags = '' } = run.groups
  const assigned = settings.trimEnd().split(' ')
  return { settings: Object.fromEntries(assigned.map((setting) => setting.split('='))), flags: flags.split(' ') }
}
