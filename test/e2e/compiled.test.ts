/** What set-up leaves for a manager to do when it starts. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testBerth } from '../support/manager/berth.ts'
import { testManager } from '../../lab/manager.ts'

const COMPILE = fileURLToPath(new URL('../../scripts/lib/compile', import.meta.url))

const manager = await testManager('compiled', { size: 1 })
const berth = testBerth()

const cacheOf = (name: string) => ({ NODE_COMPILE_CACHE: join(berth.home, name) })
/** Node tells on stderr what it finds in its cache, in all threads. */
const telling = (cache: string) => ({ ...cacheOf(cache), NODE_DEBUG_NATIVE: 'COMPILE_CACHE' })

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

async function compiledByCommand(cache: string): Promise<string[]> {
  return compiled((await berth.runWith({ env: telling(cache) }, '--version')).stderr)
}

it('a manager and a command that are started after set-up compile nothing', async () => {
  execFileSync(COMPILE, { env: { ...process.env, ...cacheOf('set-up') } })
  assert.deepEqual(await compiledByManager('set-up'), [])
  assert.deepEqual(await compiledByCommand('set-up'), [])
  const all = (await compiledByManager('empty')).join('\n')
  assert.match(all, /src\/main\.ts/, 'without set-up it would be seen')
  assert.match(all, /sha512-crypt\.ts/, 'in threads, too')
  assert.match((await compiledByCommand('another empty one')).join('\n'), /src\/cli\/main\.ts/)
})
