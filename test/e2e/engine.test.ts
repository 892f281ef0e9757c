/** Docker goes away, hangs, and comes back, under a running manager. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { testManager } from '../support/manager.ts'
import { openDockerProxy } from '../support/proxy.ts'
import { isRefused, loginAndRun } from '../support/ssh.ts'

const proxy = await openDockerProxy(process.env['DOCKER_HOST'])
const manager = await testManager('engine', { size: 2, env: { DOCKER_HOST: proxy.address } })

before(async () => {
  await manager.start()
  await manager.untilReady()
})
after(() => proxy.close())

/** The manager has noticed that Docker is back. */
async function untilItReserves(): Promise<void> {
  await eventually(async () => (await manager.get('/reserve?username=back')).status === 200)
  await manager.get('/release_all')
  await manager.untilReady()
}

describe('while Docker is away', () => {
  it('reads answer, reserve says when to come back, and all resumes by itself', async () => {
    const held = await manager.reserve({ username: 'alice' })
    const credentials = { port: held.containers[0]?.port ?? 0, username: 'alice', password: 'test' }
    await proxy.down()
    await eventually(async () => {
      const { status, headers, body } = await manager.get<{ error: string }>('/reserve?username=bob')
      assert.deepEqual([status, headers.get('retry-after')], [503, '2'])
      assert.match(body.error, /engine/)
      return true
    })
    for (const path of ['/available', '/reservations', '/v1/pools', '/v1/containers']) {
      assert.equal((await manager.get(path)).status, 200, path)
    }
    assert.equal((await loginAndRun(credentials, 'whoami')).stdout, 'alice', 'who is in stays in')
    assert.equal((await manager.get('/release_all')).status, 503, 'nobody could be cut off yet, and it says so')
    await proxy.up()
    await manager.untilReady()
    assert.equal(await isRefused(credentials), true)
    await untilItReserves()
  })

  it('expired access is cut as soon as it is back', async () => {
    const held = await manager.reserve({ username: 'carol', duration: 1 })
    const credentials = { port: held.containers[0]?.port ?? 0, username: 'carol', password: 'test' }
    await proxy.down()
    await new Promise((resolve) => setTimeout(resolve, Date.parse(held.reserved_until) - Date.now() + 1_000))
    assert.deepEqual((await manager.get('/reservations')).body, { reservations: [] })
    await proxy.up()
    await manager.untilReady()
    assert.equal(await isRefused(credentials), true)
  })

  it('a manager starts, serves what it knows, and fills its pool later', async () => {
    await manager.kill()
    await proxy.down()
    await manager.start()
    assert.equal((await manager.get('/available')).status, 200)
    await proxy.up()
    await untilItReserves()
  })
})

describe('while Docker takes requests and never answers', () => {
  it('a reserve fails in bounded time, and nothing is lost when answers come again', async () => {
    await manager.untilReady()
    proxy.mute()
    const { status } = await manager.get('/reserve?username=erin')
    assert.equal(status, 503)
    assert.equal((await manager.get('/available')).status, 200)
    await proxy.down()
    await proxy.up()
    await untilItReserves()
  })
})
