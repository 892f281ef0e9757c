/** A pool that names what runs its containers. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { docker } from '../../lab/docker.ts'
import { testManager } from '../../lab/manager.ts'

const manager = await testManager('runtime', { size: 1, pool: { runtime: 'no-such', reach: 'all' } })
const file = join(manager.folder, 'berth.yml')

it('a runtime that the engine does not know is told with the container, with what to do', async () => {
  await manager.start()
  await manager.until('told', ([container]) => container?.error !== null)
  const [container] = await manager.containers()
  assert.match(container?.error ?? '', /no-such: install it, name it under "runtimes" in \/etc\/docker\/daemon\.json/)
  await manager.kill()
})

it('one that it knows runs them', async () => {
  writeFileSync(file, readFileSync(file, 'utf8').replace('no-such', 'runc'))
  await manager.start()
  await manager.untilReady()
  assert.equal(await docker('inspect', '--format', '{{.HostConfig.Runtime}}', `${manager.pool}-1`), 'runc')
})
