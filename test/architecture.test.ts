/** The import rules of ARCHITECTURE.md. Each check is shown to fail on a fixture that breaks it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cycles, type Rule, readImports, sourceFiles, violations } from './support/imports.ts'

const SRC = fileURLToPath(new URL('../src', import.meta.url))
const FIXTURE = fileURLToPath(new URL('fixtures/architecture', import.meta.url))

const RULES: readonly Rule[] = [
  { where: 'core', ours: ['core'], packages: [] },
  { where: 'engine/labels.ts', ours: ['core'], packages: ['node:crypto'] },
  { where: 'engine/bash.ts', ours: ['core'], packages: [] },
  {
    where: 'engine/memory',
    ours: ['core', 'engine/memory', 'engine/bash.ts', 'engine/labels.ts'],
    packages: ['node:*'],
  },
  {
    where: 'engine/docker',
    ours: ['core', 'engine/docker', 'engine/bash.ts', 'engine/labels.ts'],
    packages: ['node:*'],
  },
  { where: 'accounts', ours: ['core', 'accounts'], packages: ['piscina', 'node:*'] },
  { where: 'store', ours: ['core', 'store'], packages: ['kysely', 'node:fs', 'node:sqlite', 'node:timers/promises'] },
  {
    where: 'http',
    ours: ['core', 'http'],
    packages: [
      ...['fastify', '@fastify/*', 'typebox', 'prom-client', 'jose'],
      ...['node:crypto', 'node:http', 'node:net', 'node:stream', 'node:timers/promises'],
    ],
  },
  {
    where: 'cli',
    ours: ['cli', 'client', 'core/clock.ts', 'core/duration.ts', 'core/errors.ts', 'core/limit.ts'],
    // What runs on the manager's own machine; all other commands need nothing but HTTP.
    lazily: ['config.ts', 'doctor.ts', 'main.ts', 'store/sqlite.ts', 'store/sqlite-backup.ts', 'tokens.ts'],
    packages: ['commander', 'yaml', 'node:*'],
  },
  { where: 'client', ours: ['client'], packages: ['eventsource-parser', 'node:timers/promises', 'openapi-fetch'] },
  { where: 'config', ours: ['config', 'core'], packages: ['node:net'] },
  { where: 'config.ts', ours: ['config', 'core'], packages: ['yaml', 'node:*'] },
  {
    where: 'doctor.ts',
    ours: ['config.ts', 'core', 'engine/labels.ts', 'log.ts', 'parts.ts', 'store/sqlite.ts'],
    packages: ['node:*'],
  },
  { where: 'log.ts', ours: ['core', 'stderr.ts'], packages: ['pino', 'pino-pretty'] },
  { where: 'stderr.ts', ours: ['core'], packages: ['node:fs'] },
  { where: 'parts.ts', ours: ['accounts', 'config.ts', 'core', 'engine', 'store'], packages: ['node:url'] },
  { where: 'startup.ts', ours: ['core', 'config.ts'], packages: ['node:timers/promises'] },
  {
    where: 'tokens.ts',
    ours: ['config.ts', 'core', 'http/access/new-token.ts', 'http/access/token-views.ts', 'store/sqlite.ts'],
    packages: [],
  },
  {
    where: 'trimming.ts',
    ours: ['core/clock.ts', 'core/errors.ts', 'core/ports.ts'],
    packages: ['node:inspector/promises', 'node:perf_hooks'],
  },
  {
    where: 'provisioning.ts',
    ours: [
      ...['config.ts', 'core/pool.ts', 'engine/docker/ansible-parameters.ts', 'engine/docker/names.ts', 'startup.ts'],
    ],
    packages: [],
  },
  {
    where: 'main.ts',
    ours: [
      ...['accounts/hashing.ts', 'config.ts', 'core', 'http', 'log.ts', 'parts.ts', 'startup.ts', 'tokens.ts'],
      'trimming.ts',
    ],
    packages: ['node:*'],
  },
]

/** Words that only the named files may use; everything else has them injected. */
const ONLY_IN: readonly { word: RegExp; files: readonly string[]; why: string }[] = [
  { word: /\bDate\.now\(|new Date\(\)/, files: ['core/clock.ts'], why: 'time is an argument' },
  { word: /\bprocess\.env\b/, files: ['config.ts', 'cli/environment.ts'], why: 'settings are read once' },
  {
    word: /\bset(Timeout|Interval)\(/,
    files: [
      'core/loop.ts',
      'engine',
      'accounts',
      'stderr.ts',
      'main.ts',
      'http/following/long-poll.ts',
      'http/unreadable.ts',
    ],
    why: 'the core only ticks',
  },
  { word: /node:child_process/, files: ['accounts', 'cli/programs.ts'], why: 'programs are run in one place' },
  { word: /^export default /m, files: [], why: 'names are the same everywhere' },
  { word: /^(export )?(const )?enum /m, files: [], why: 'unions do' },
  { word: /^export \* from/m, files: [], why: 'no barrel files' },
]

function misplaced(root: string): string[] {
  return sourceFiles(root).flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    return ONLY_IN.filter(({ word, files }) => word.test(text) && !files.some((place) => file.startsWith(place))).map(
      ({ word, why }) => `${file} uses ${word.source}: ${why}`,
    )
  })
}

/** Of files that people write: what ends in .d.ts is generated. */
function overlong(root: string, most: number): string[] {
  return sourceFiles(root).filter(
    (file) => !file.endsWith('.d.ts') && readFileSync(join(root, file), 'utf8').split('\n').length > most,
  )
}

describe('the house', () => {
  it('is there to be checked', () => {
    assert.ok(sourceFiles(SRC).length > 30)
    assert.ok(readImports(SRC).length > 100)
  })

  it('imports only what the rules allow', () => {
    assert.deepEqual(violations(readImports(SRC), sourceFiles(SRC), RULES), [])
  })

  it('has no cycles', () => {
    assert.deepEqual(cycles(readImports(SRC)), [])
  })

  it('keeps the clock, the environment, timers and child processes in their places', () => {
    assert.deepEqual(misplaced(SRC), [])
  })

  it('has no file over 250 lines', () => {
    assert.deepEqual(overlong(SRC, 250), [])
  })
})

describe('the checks themselves', () => {
  it('see forbidden imports, files without a rule and cycles', () => {
    const rules = RULES.filter((rule) => rule.where === 'core')
    const found = violations(readImports(FIXTURE), sourceFiles(FIXTURE), rules)
    assert.deepEqual(found, [
      'engine/socket.ts: no rule allows this file',
      'core/heart.ts imports engine/socket.ts',
      'core/heart.ts imports node:fs',
    ])
    assert.equal(cycles(readImports(FIXTURE)).length, 1)
  })

  it('see that something is not imported lazily', () => {
    const from = 'cli/commands/serve.ts'
    const imports = [false, true].map((lazy) => ({ from, to: 'main.ts', typeOnly: false, lazy }))
    assert.deepEqual(violations(imports, [from], RULES), [`${from} imports main.ts`])
  })

  it('see misplaced words', () => {
    const found = misplaced(FIXTURE).map((line) => line.replace(/:.*/, ''))
    assert.deepEqual(found, [
      'core/heart.ts uses \\bDate\\.now\\(|new Date\\(\\)',
      'core/heart.ts uses \\bprocess\\.env\\b',
      'engine/socket.ts uses ^export default ',
    ])
  })

  it('see long files', () => {
    assert.deepEqual(overlong(FIXTURE, 6), ['engine/socket.ts'])
  })
})
