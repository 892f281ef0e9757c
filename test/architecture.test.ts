/** The import rules of ARCHITECTURE.md. Each check is shown to fail on a fixture that breaks it. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cycles, type Rule, readImports, sourceFiles, violations } from './support/source/imports.ts'

const SRC = fileURLToPath(new URL('../src', import.meta.url))
const FIXTURE = fileURLToPath(new URL('fixtures/architecture', import.meta.url))

/** What engines share. */
const OF_ENGINES = [
  'engine/labels.ts',
  'engine/bounded-requests.ts',
  'engine/cloud-services.ts',
  'engine/confinement.ts',
  'engine/timers.ts',
  'engine/guest',
]

const RULES: readonly Rule[] = [
  { where: 'domain', ours: ['domain'], packages: [] },
  { where: 'ports', ours: ['domain', 'ports'], packages: [] },
  // Secrets are made and recognised here.
  { where: 'usecases', ours: ['domain', 'ports', 'usecases'], packages: ['node:crypto'] },
  { where: 'reconcile', ours: ['domain', 'ports', 'reconcile', 'usecases'], packages: [] },
  { where: 'engine/labels.ts', ours: ['domain', 'ports'], packages: ['node:crypto'] },
  { where: 'engine/bounded-requests.ts', ours: [], packages: [] },
  { where: 'engine/cloud-services.ts', ours: [], packages: [] },
  { where: 'engine/confinement.ts', ours: [], packages: [] },
  { where: 'engine/timers.ts', ours: [], packages: ['node:timers/promises'] },
  {
    where: 'engine/guest',
    ours: ['domain', 'ports', 'engine/bounded-requests.ts', 'engine/timers.ts', 'engine/guest'],
    packages: ['node:*'],
  },
  { where: 'engine/disk-limits.ts', ours: ['domain', 'ports'], packages: [] },
  { where: 'engine/open-engine.ts', ours: ['config', 'domain', 'engine', 'ports'], packages: [] },
  { where: 'engine/memory', ours: ['domain', 'ports', 'engine/labels.ts', 'engine/memory'], packages: ['node:*'] },
  { where: 'engine/docker', ours: ['domain', 'ports', ...OF_ENGINES, 'engine/docker'], packages: ['node:*'] },
  {
    where: 'engine/kubernetes',
    ours: ['domain', 'ports', ...OF_ENGINES, 'engine/kubernetes'],
    packages: ['ws', 'yaml', 'node:*'],
  },
  { where: 'accounts', ours: ['domain', 'ports', 'accounts'], packages: ['piscina', 'node:*'] },
  { where: 'store', ours: ['domain', 'ports', 'store'], packages: ['kysely', 'pg', 'pgpass', 'node:*'] },
  {
    where: 'gateway/alone.ts',
    ours: [
      'config',
      'domain',
      'engine/open-engine.ts',
      'gateway',
      'log',
      'ports',
      'reconcile/loop.ts',
      'reconcile/managers/database-clock.ts',
      'store/host-name.ts',
      'store/open-store.ts',
      'usecases/doors',
      'usecases/gateway',
    ],
    packages: ['node:*'],
  },
  {
    where: 'gateway',
    ours: ['domain', 'gateway', 'ports', 'reconcile/recurring-problems.ts', 'usecases/gateway'],
    packages: ['node:*'],
  },
  { where: 'log', ours: ['domain', 'ports', 'log'], packages: ['pino', 'node:fs', 'node:util'] },
  {
    where: 'http',
    ours: ['domain', 'ports', 'usecases', 'http'],
    packages: ['fastify', '@fastify/*', 'cookie', 'typebox', 'prom-client', 'jose', 'openid-client', 'node:*'],
  },
  {
    where: 'cli',
    ours: ['cli', 'client', 'domain', 'ports/clock.ts', 'version.ts'],
    // What runs on the manager's own machine. All other commands need nothing but HTTP.
    lazily: ['config', 'doctor.ts', 'gateway', 'main.ts', 'store/open-store.ts', 'offline-tokens.ts'],
    packages: ['commander', 'ws', 'yaml', 'node:*'],
  },
  { where: 'client', ours: ['client'], packages: ['eventsource-parser', 'openapi-fetch'] },
  { where: 'config', ours: ['config', 'domain'], packages: ['yaml', 'node:*'] },
  { where: 'client-files.ts', ours: [], packages: ['node:url'] },
  { where: 'dashboard-folder.ts', ours: [], packages: ['node:url'] },
  { where: 'version.ts', ours: [], packages: ['node:fs'] },
  { where: 'signals.ts', ours: ['banner.ts', 'domain', 'ports'], packages: ['node:fs', 'node:tty'] },
  { where: 'reload.ts', ours: ['config', 'domain', 'log', 'ports'], packages: [] },
  { where: 'banner.ts', ours: ['config', 'domain', 'ports'], packages: ['node:timers/promises'] },
  {
    where: 'offline-tokens.ts',
    ours: ['config', 'domain', 'http/tokens/views.ts', 'ports', 'store/open-store.ts', 'usecases'],
    packages: [],
  },
  {
    where: 'compose.ts',
    ours: [
      'accounts',
      'config',
      'domain',
      'engine/labels.ts',
      'engine/open-engine.ts',
      'ports',
      'reconcile',
      'store/open-store.ts',
      'usecases/doors',
      'usecases/host-certificates.ts',
      'usecases/postponed-writes.ts',
      'usecases/series/refusal-counter.ts',
    ],
    packages: ['node:timers/promises', 'node:url'],
  },
  {
    where: 'doctor.ts',
    ours: ['compose.ts', 'config', 'domain', 'engine/labels.ts', 'log', 'ports', 'reconcile', 'store/open-store.ts'],
    packages: ['node:*'],
  },
  {
    where: 'provisioning.ts',
    ours: [
      'banner.ts',
      'config',
      'domain',
      'engine/disk-limits.ts',
      'engine/open-engine.ts',
      'ports',
      'store/open-store.ts',
    ],
    packages: ['node:crypto'],
  },
  {
    where: 'access.ts',
    ours: ['config', 'domain', 'http/auth', 'http/sessions', 'ports', 'usecases/sessions'],
    packages: [],
  },
  { where: 'server-settings.ts', ours: ['config', 'domain', 'http/context.ts'], packages: [] },
  { where: 'own-images.ts', ours: ['banner.ts', 'config'], packages: [] },
  {
    where: 'background.ts',
    ours: ['compose.ts', 'config', 'gateway', 'http/auth/request-counts.ts', 'ports', 'reconcile', 'usecases'],
    packages: [],
  },
  {
    where: 'main.ts',
    ours: [
      'access.ts',
      'accounts/hashing',
      'background.ts',
      'banner.ts',
      'client-files.ts',
      'compose.ts',
      'config',
      'dashboard-folder.ts',
      'domain',
      'engine/disk-limits.ts',
      'gateway',
      'http',
      'log',
      'ports',
      'reconcile',
      'reload.ts',
      'server-settings.ts',
      'signals.ts',
      'usecases',
      'version.ts',
    ],
    packages: ['node:*'],
  },
]

/** The dashboard knows the manager by its API only. */
const WEB_RULES: readonly Rule[] = [
  {
    where: 'src',
    ours: ['src', '../src/client'],
    packages: [
      '@mantine/*',
      '@tanstack/*',
      '@xterm/*',
      'get-nonce',
      'lucide-react',
      'react',
      'react-dom',
      'uplot',
      'wouter',
    ],
  },
  { where: 'build.ts', ours: [], packages: ['vite', 'node:*'] },
  { where: 'vite.config.ts', ours: [], packages: ['vite', '@vitejs/plugin-react'] },
]
const SCRIPTS_AND_STYLES = /\.(?:tsx?|css)$/

const MAX_WIDTH = 120

/** Words that only the named files may use; everything else has them injected. */
const ONLY_IN: readonly { word: RegExp; files: readonly string[]; why: string }[] = [
  {
    word: /\bDate\.now\(|new Date\(\)/,
    // The client has no ports: it runs in browsers.
    files: ['ports/clock.ts', 'client/event-stream.ts', 'client/events.ts'],
    why: 'time is an argument',
  },
  { word: /\bprocess\.env\b/, files: ['config/config.ts', 'cli/environment.ts'], why: 'settings are read once' },
  {
    word: /\bset(Timeout|Interval)\(/,
    files: [
      'reconcile/loop.ts',
      'engine',
      'accounts',
      'log/writer.ts',
      'gateway/forwarder.ts',
      'main.ts',
      'http/connections.ts',
      'http/streaming/long-poll.ts',
      'http/errors/client-error.ts',
      'client/event-stream.ts',
    ],
    why: 'the core only ticks',
  },
  {
    word: /node:child_process/,
    files: [
      'accounts',
      'cli/ssh/external-commands.ts',
      'engine/docker/api/ssh.ts',
      'engine/kubernetes/api/access/exec-plugin.ts',
    ],
    why: 'programs are run in one place',
  },
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
function overlong(root: string, most: number, kinds?: RegExp): string[] {
  return sourceFiles(root, kinds).filter(
    (file) => !file.endsWith('.d.ts') && readFileSync(join(root, file), 'utf8').split('\n').length > most,
  )
}

/** Lines of comments that are wider than the formatter's lines; it leaves comments alone. */
function wideComments(root: string): string[] {
  return sourceFiles(root).flatMap((file) => {
    const lines = file.endsWith('.d.ts') ? [] : readFileSync(join(root, file), 'utf8').split('\n')
    return lines.flatMap((line, index) =>
      line.length > MAX_WIDTH && /^\s*(\/\/|\/?\*)/.test(line) ? [`${file}:${index + 1}`] : [],
    )
  })
}

/** Folders with more files than a reader takes in at a glance. */
function fullFolders(root: string, most: number, kinds?: RegExp): string[] {
  const counts = new Map<string, number>()
  for (const file of sourceFiles(root, kinds)) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1)
  return [...counts].filter(([, count]) => count > most).map(([folder]) => folder)
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

  it('has no folder over 15 files', () => {
    assert.deepEqual(fullFolders(SRC, 15), [])
  })

  it('has no comment over 120 columns, nor have the tests and benchmarks', () => {
    for (const folder of ['src', 'test', 'bench', 'lab', 'prove', 'web']) {
      const wide = wideComments(join(SRC, '..', folder)).filter((line) => !line.startsWith('fixtures/'))
      assert.deepEqual(wide, [], folder)
    }
  })
})

describe('the dashboard', () => {
  const WEB = join(SRC, '../web')

  it('imports nothing of the manager but its client, and has no cycles', () => {
    const imports = readImports(WEB)
    assert.ok(imports.some(({ to }) => to === '../src/client/client.ts'))
    assert.deepEqual(violations(imports, sourceFiles(WEB), WEB_RULES), [])
    assert.deepEqual(cycles(imports), [])
  })

  it('has no file over 250 lines, and no folder over 15 files', () => {
    assert.deepEqual(overlong(WEB, 250, SCRIPTS_AND_STYLES), [])
    assert.deepEqual(fullFolders(WEB, 15, SCRIPTS_AND_STYLES), [])
  })
})

describe('the benchmarks, the proofs’ runner and their lab', () => {
  it('import nothing from the tests', () => {
    for (const folder of ['bench', 'lab', 'prove']) {
      const root = join(SRC, '..', folder)
      const imports = readImports(root).filter(({ to }) => to.includes('../test/'))
      assert.ok(readImports(root).length > 5)
      assert.deepEqual(imports, [], folder)
    }
  })
})

describe('the checks themselves', () => {
  it('see forbidden imports, files without a rule and cycles', () => {
    const rules = RULES.filter((rule) => rule.where === 'domain')
    const found = violations(readImports(FIXTURE), sourceFiles(FIXTURE), rules)
    assert.deepEqual(found, [
      'engine/socket.ts: no rule allows this file',
      'domain/heart.ts imports engine/socket.ts',
      'domain/heart.ts imports node:fs',
    ])
    assert.equal(cycles(readImports(FIXTURE)).length, 1)
  })

  it('see what the dashboard must not import, and its cycles, also without file extensions', () => {
    const root = mkdtempSync(join(tmpdir(), 'berth-architecture-'))
    after(() => rmSync(root, { recursive: true }))
    mkdirSync(join(root, 'web/src'), { recursive: true })
    mkdirSync(join(root, 'src/domain'), { recursive: true })
    mkdirSync(join(root, 'src/client'))
    const files = {
      'src/domain/pool.ts': 'export const pool = 1\n',
      'src/client/client.ts': 'export const client = 1\n',
      'web/src/page.tsx': `import { pool } from '../../src/domain/pool'
import { client } from '../../src/client/client'
import fastify from 'fastify'
import './page.css'
export { part } from './part'
`,
      'web/src/part.tsx': "import { useState } from 'react'\nexport const page = () => import('./page')\n",
      'web/src/page.css': 'p {\n}\n',
      'web/stray.ts': 'export {}\n',
    }
    for (const [file, text] of Object.entries(files)) writeFileSync(join(root, file), text)
    const web = join(root, 'web')
    assert.deepEqual(violations(readImports(web), sourceFiles(web), WEB_RULES), [
      'stray.ts: no rule allows this file',
      'src/page.tsx imports ../src/domain/pool.ts',
      'src/page.tsx imports fastify',
    ])
    assert.deepEqual(cycles(readImports(web)), [['src/page.tsx', 'src/part.tsx', 'src/page.tsx']])
    assert.deepEqual(overlong(web, 2, SCRIPTS_AND_STYLES), ['src/page.css', 'src/page.tsx', 'src/part.tsx'])
    assert.deepEqual(fullFolders(web, 2, SCRIPTS_AND_STYLES), ['src'])
  })

  it('see that something is not imported lazily', () => {
    const from = 'cli/commands/server/serve.ts'
    const imports = [false, true].map((lazy) => ({ from, to: 'main.ts', typeOnly: false, lazy }))
    assert.deepEqual(violations(imports, [from], RULES), [`${from} imports main.ts`])
  })

  it('see misplaced words', () => {
    const found = misplaced(FIXTURE).map((line) => line.replace(/:.*/, ''))
    assert.deepEqual(found, [
      'domain/heart.ts uses \\bDate\\.now\\(|new Date\\(\\)',
      'domain/heart.ts uses \\bprocess\\.env\\b',
      'engine/socket.ts uses ^export default ',
    ])
  })

  it('see long files, full folders and wide comments', () => {
    assert.deepEqual(overlong(FIXTURE, 6), ['engine/socket.ts'])
    assert.deepEqual(fullFolders(FIXTURE, 0), ['domain', 'engine'])
    assert.deepEqual(wideComments(FIXTURE), ['domain/heart.ts:3'])
  })
})
