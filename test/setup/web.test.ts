/** scripts/lib/web builds the dashboard when its sources have changed. In a copy of the checkout, without git. */
import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { eventually } from '../../lab/eventually.ts'
import { ROOT } from '../support/text/markdown.ts'

const READ_BY_BUILD = ['package.json', 'package-lock.json', 'tsconfig.json', 'src/client', 'web']
const NEVER_COPIED = /\/web\/(dist|node_modules)$/

const folder = mkdtempSync(join(tmpdir(), 'berth-web-'))
after(() => rmSync(folder, { recursive: true }))
const dist = join(folder, 'web/dist')

function build(prefix: readonly string[] = []): SpawnSyncReturns<string> {
  return spawnSync('env', [...prefix, join(folder, 'scripts/lib/web')], {
    encoding: 'utf8',
    env: { ...process.env, NODE_ENV: 'development' },
  })
}

function succeeds(says: string, prefix: readonly string[] = []): void {
  const { status, stdout, stderr } = build(prefix)
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: `${says}\n`, stderr: '' })
}

/** Changes what the page shows, so that the names of the files that are built differ. */
function change(): void {
  appendFileSync(join(folder, 'web/src/main.tsx'), `\nconsole.debug(${Math.random()})\n`)
}

const index = () => readFileSync(join(dist, 'index.html'), 'utf8')
const files = () => globSync('**', { cwd: dist, withFileTypes: true }).filter((each) => each.isFile())
const entry = () => /src="\/ui\/(assets\/[^"]+\.js)"/.exec(index())?.[1] ?? assert.fail(index())
const temporary = () => globSync('.new-*', { cwd: dist })

describe('scripts/lib/web', () => {
  before(() => {
    for (const path of [...READ_BY_BUILD, 'scripts/lib/web', 'scripts/lib/step.sh']) {
      cpSync(join(ROOT, path), join(folder, path), { recursive: true, filter: (from) => !NEVER_COPIED.test(from) })
    }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  })

  it('builds without a network, and then only if a source has changed', () => {
    succeeds('built into web/dist', ['unshare', '--net'])
    succeeds('is up to date, skipped')
    const earlier = entry()
    for (const source of ['web/index.html', 'src/client/client.ts', 'package-lock.json']) {
      appendFileSync(join(folder, source), '\n')
      succeeds('built into web/dist')
      succeeds('is up to date, skipped')
    }
    utimesSync(join(folder, 'web/index.html'), 0, 0)
    succeeds('is up to date, skipped')
    assert.equal(entry(), earlier)
    rmSync(join(dist, 'index.html'))
    succeeds('built into web/dist')
  })

  it('builds for production, compresses the files, and keeps the placeholder of the nonce', () => {
    assert.match(index(), /content="__NONCE__"/)
    const script = readFileSync(join(dist, entry()))
    assert.deepEqual(brotliDecompressSync(readFileSync(join(dist, `${entry()}.br`))), script)
    assert.deepEqual(gunzipSync(readFileSync(join(dist, `${entry()}.gz`))), script)
    assert.ok(files().every(({ name }) => !name.endsWith('.map')))
    assert.match(readFileSync(join(dist, 'licenses.md'), 'utf8'), /^## react-dom [\s\S]*Permission is hereby granted/m)
    // The messages of React's errors are only in its build for development.
    const code = globSync('assets/*.js', { cwd: dist }).map((name) => readFileSync(join(dist, name), 'utf8'))
    assert.ok(code.some((text) => text.includes('react.dev/errors')))
    assert.ok(code.every((text) => !text.includes('Each child in a list should have a unique')))
  })

  it('keeps the files of the previous build, which open pages still load, but no older files', () => {
    const first = entry()
    change()
    succeeds('built into web/dist')
    const second = entry()
    assert.notEqual(first, second)
    for (const file of [first, `${first}.br`, second]) assert.ok(existsSync(join(dist, file)), file)
    change()
    succeeds('built into web/dist')
    assert.deepEqual(
      [first, second, entry()].map((file) => existsSync(join(dist, file))),
      [false, true, true],
    )
  })

  it('keeps the earlier build if it is killed, and builds the next time', async () => {
    const earlier = { index: index(), entry: entry() }
    change()
    const child = spawn(join(folder, 'scripts/lib/web'), { detached: true, stdio: 'ignore' })
    const ended = once(child, 'close')
    await eventually(async () => temporary().length > 0)
    process.kill(-(child.pid ?? assert.fail('not started')), 'SIGKILL')
    await ended
    assert.equal(index(), earlier.index)
    assert.ok(existsSync(join(dist, earlier.entry)))
    for (const left of temporary()) utimesSync(join(dist, left), 0, 0)
    succeeds('built into web/dist')
    assert.notEqual(index(), earlier.index)
    assert.deepEqual(temporary(), [])
  })

  it('fails with the reason, and keeps the build, if the sources are wrong', () => {
    const earlier = index()
    const main = join(folder, 'web/src/main.tsx')
    const sound = readFileSync(main, 'utf8')
    writeFileSync(main, `${sound}\nimport { nothing } from './nowhere'\nnothing()\n`)
    const { status, stdout, stderr } = build()
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, /\.\/nowhere[\s\S]*This failed, with the output above/)
    assert.equal(index(), earlier)
    writeFileSync(main, sound)
    succeeds('is up to date, skipped')
  })
})
