/** What set-up leaves for a manager to do when it starts. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testManager } from '../support/manager.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const folder = mkdtempSync(join(tmpdir(), 'compiled-'))
after(() => rmSync(folder, { recursive: true }))
const manager = await testManager('compiled', { size: 1 })

/** Node tells on stderr what it finds in its cache, in all threads. */
const telling = (cache: string) => ({ NODE_COMPILE_CACHE: join(folder, cache), NODE_DEBUG_NATIVE: 'COMPILE_CACHE' })

function compiled(told: string): string[] {
  assert.match(told, /compile cache\] resolved path/, 'Node tells')
  return told.split('\n').filter((line) => line.includes('no transpile cache for StrippedTypeScript'))
}

async function compiledByManager(cache: string): Promise<string[]> {
  await manager.start(telling(cache))
  await manager.untilReady()
  // A thread hashes it.
  await manager.reserve({ username: 'test', password: `chosen ${cache}` })
  const { output } = manager
  await manager.get('/release_all')
  await manager.interrupt()
  return compiled(output)
}

function compiledByCommand(cache: string): string[] {
  const env = { ...process.env, ...telling(cache) }
  return compiled(spawnSync(join(ROOT, 'bin/berth'), ['--version'], { encoding: 'utf8', env }).stderr)
}

it('a manager and a command that are started after set-up compile nothing', async () => {
  const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'set-up') }
  execFileSync(join(ROOT, 'scripts/lib/compile'), { env })
  assert.deepEqual(await compiledByManager('set-up'), [])
  assert.deepEqual(compiledByCommand('set-up'), [])
  const all = (await compiledByManager('empty')).join('\n')
  assert.match(all, /src\/main\.ts/, 'without set-up it would be seen')
  assert.match(all, /sha512-crypt\.ts/, 'in threads, too')
  assert.match(compiledByCommand('another empty one').join('\n'), /src\/cli\/main\.ts/)
})
