/**
 * Each tool of `just check` can fail: with our own settings it passes a sound little project and refuses a flawed
 * one. A linter that reads no file, or no types, would pass both. `scripts/test-tools` fetches those that npm lacks.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SETTINGS = [
  '.ansible-lint',
  '.gitignore',
  '.oxlintrc.json',
  '.shellcheckrc',
  'biome.json',
  'knip.json',
  'tsconfig.json',
  'web/tsconfig.json',
]

const folder = mkdtempSync(join(tmpdir(), 'berth-guards-'))
after(() => rmSync(folder, { recursive: true }))

const PART = `export async function later(): Promise<number> {
  return 1
}
`
const SCRIPT = '#!/usr/bin/env bash\nname=$1\necho "$name"\n'
const SOURCED = '# shellcheck shell=bash\nhello() { echo "$1"; }\n'
const PLAY = `- name: Play
  hosts: all
  tasks:
    - name: Say hello
      ansible.builtin.hostname:
        name: hello
`
const WEB_PART = `export const half = (all: number) => all / 2
`
const SOUND: Readonly<Record<string, string>> = {
  'package.json': '{\n  "name": "guarded",\n  "type": "module",\n  "workspaces": [\n    "web"\n  ]\n}\n',
  'src/main.ts': "import { later } from './part.ts'\n\nawait later()\n",
  'src/part.ts': PART,
  'web/package.json': '{\n  "name": "guarded-web",\n  "type": "module"\n}\n',
  'web/public/main.js': "import '../src/main.tsx'\n",
  'web/src/main.tsx': "import { half } from './part'\n\ndocument.title = String(half(2))\n",
  'web/src/part.ts': WEB_PART,
  'bin/run': SCRIPT,
  'bin/sourced.sh': SOURCED,
  'play.yml': PLAY,
}

/** Creates a git repository of sound files, one of which may be flawed. */
function project(name: string, flaw: Readonly<Record<string, string>> = {}): string {
  const path = join(folder, name)
  mkdirSync(path)
  mkdirSync(join(path, 'web'))
  for (const file of SETTINGS) copyFileSync(join(ROOT, file), join(path, file))
  symlinkSync(join(ROOT, 'node_modules'), join(path, 'node_modules'))
  for (const [file, text] of Object.entries({ ...SOUND, ...flaw })) {
    mkdirSync(dirname(join(path, file)), { recursive: true })
    writeFileSync(join(path, file), text)
  }
  spawnSync('git', ['init', '--quiet'], { cwd: path })
  return path
}

function check(path: string, tool: string, ...args: string[]): { passes: boolean; output: string } {
  const options = { cwd: path, encoding: 'utf8', timeout: 180_000 } as const
  const { status, stdout, stderr, error } = spawnSync(join(ROOT, tool), args, options)
  return { passes: status === 0, output: `${stdout}${stderr}${error ?? ''}` }
}

const BIN = 'node_modules/.bin'
const ANSIBLE_LINT = 'node_modules/.cache/test-tools/bin/ansible-lint'
const LINT_SHELL = 'scripts/lib/lint-shell'

const GUARDS: readonly [tool: string, args: string[], file: string, flawed: string, says: RegExp][] = [
  [`${BIN}/biome`, ['ci', '.'], 'src/part.ts', PART.replace('return 1', 'return  1;'), /[Ff]ormat/],
  [`${BIN}/biome`, ['ci', '.'], 'src/part.ts', PART.replace('1', "Number(process.env['HOME'])"), /noProcessEnv/],
  [`${BIN}/oxlint`, ['--type-aware'], 'src/part.ts', `${PART}\nlater()\n`, /no-floating-promises/],
  [`${BIN}/tsc`, ['-p', '.'], 'src/part.ts', PART.replace('return 1', "return 'one'"), /TS2322/],
  [`${BIN}/knip`, ['--include', 'exports'], 'src/part.ts', `${PART}\nexport const unused = 1\n`, /unused/],
  [`${BIN}/biome`, ['ci', '.'], 'web/src/part.ts', `${WEB_PART}debugger\n`, /noDebugger/],
  [`${BIN}/oxlint`, ['--type-aware'], 'web/src/part.ts', `${WEB_PART}Promise.resolve()\n`, /no-floating-promises/],
  [`${BIN}/tsc`, ['-p', 'web'], 'web/src/part.ts', WEB_PART.replace('all / 2', "all / 'two'"), /TS2363/],
  [`${BIN}/knip`, ['--include', 'exports'], 'web/src/part.ts', `${WEB_PART}export const unused = 1\n`, /unused/],
  [LINT_SHELL, [], 'bin/run', SCRIPT.replace('"$name"', '$name'), /SC2086/],
  [LINT_SHELL, [], 'bin/sourced.sh', SOURCED.replace('"$1"', '$1'), /SC2086/],
  [
    ANSIBLE_LINT,
    ['--nocolor', '-q', 'play.yml'],
    'play.yml',
    PLAY.replace('hello', '{{ one }} aloud'),
    /name\[template\]/,
  ],
  [
    ANSIBLE_LINT,
    ['--nocolor', '-q', 'play.yml'],
    'play.yml',
    PLAY.replace('        name', '        title'),
    /args\[module\]/,
  ],
]

describe('the tools of `just check`', () => {
  const sound = project('sound')
  for (const [index, [tool, args, file, flawed, says]] of GUARDS.entries()) {
    it(`${basename(tool)} ${args.join(' ')} refuses what is flawed (${says.source}), and only that`, () => {
      const passed = check(sound, tool, ...args)
      assert.equal(passed.passes, true, passed.output)
      const refused = check(project(`flawed-${index}`, { [file]: flawed }), tool, ...args)
      assert.equal(refused.passes, false)
      assert.match(refused.output, says)
    })
  }
})

/** Flaws of openapi.json, each as a change of its text, and the rule that finds it. */
const DOCUMENT_FLAWS: readonly [rule: string, from: string, to: string][] = [
  ['operation-operationId', '"operationId": "createReservation",', ''],
  ['no-unresolved-refs', '"#/components/schemas/ReserveRequest"', '"#/components/schemas/Nothing"'],
  ['no-invalid-media-type-examples', '"position": 1,', '"position": "next",'],
  ['no-unused-components', '"schemas": {', '"schemas": { "Unused": { "type": "string" },'],
  ['struct', '"summary": "Reserve containers",', '"summary": 1,'],
]

describe('redocly lint', () => {
  const document = readFileSync(join(ROOT, 'openapi.json'), 'utf8')
  const lint = (name: string, text: string) => {
    const path = join(folder, name)
    mkdirSync(path)
    copyFileSync(join(ROOT, 'redocly.yaml'), join(path, 'redocly.yaml'))
    writeFileSync(join(path, 'openapi.json'), text)
    return check(path, `${BIN}/redocly`, 'lint', 'openapi.json')
  }

  it('passes openapi.json', () => {
    const { passes, output } = lint('document', document)
    assert.equal(passes, true, output)
  })

  it('refuses a flawed document, and names every flaw', () => {
    let flawed = document
    for (const [rule, from, to] of DOCUMENT_FLAWS) {
      assert.ok(flawed.includes(from), rule)
      flawed = flawed.replace(from, to)
    }
    const { passes, output } = lint('flawed-document', flawed)
    assert.equal(passes, false)
    for (const [rule] of DOCUMENT_FLAWS) assert.match(output, new RegExp(`generated by the ${rule} rule`))
  })
})
