/** Shells while the engine cannot be reached, and after a crash of the manager. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { ownImages } from '../support/engine/own-images.ts'
import { openDockerProxy } from '../support/http/proxy.ts'
import { terminalsOf } from '../support/http/terminals.ts'

const MINUTE_MS = 60_000

const proxy = await openDockerProxy(process.env['DOCKER_HOST'])
const images = await ownImages()
const without = await images.running('nodtach', 'true', 'RUN rm -f "$(command -v dtach)"')
const manager = await testManager('outages', {
  size: 1,
  further: { plain: { size: 1, image: without } },
  env: { DOCKER_HOST: proxy.address },
})
const { send, reserve, create, attach, again, untilAttachedAgain, list, release, processesOf } = terminalsOf(manager)

/** Returns the events of closed terminals of a reservation. */
async function closed(reservation: string): Promise<Record<string, string>[]> {
  const { events } = await send<{ events: Record<string, string>[] }>('GET', '/v1/events?limit=1000')
  return events.filter((event) => event['kind'] === 'terminal.closed' && event['reservation'] === reservation)
}

/** Returns why the terminals of a reservation were closed. */
async function closings(reservation: string): Promise<string[]> {
  return (await closed(reservation)).map(({ detail = '' }) => detail)
}

before(async () => {
  await manager.start()
  await manager.untilReady()
})

afterEach(async () => {
  await proxy.up()
  await manager.send('POST', '/v1/release-all', {}).catch(() => undefined)
})

after(() => proxy.close())

describe('a lost connection to the engine', () => {
  it('does not end a shell below dtach, to which viewers attach again', async () => {
    const { id, name } = await reserve()
    const made = await create(name)
    const viewer = await attach(made)
    await viewer.prints(/\$ $/)
    await viewer.run('X=kept; echo "is $X"', /is kept/)
    await proxy.down()
    const { code, reason } = await viewer.closed
    assert.equal(code, 1013)
    assert.match(reason, /^the engine closed the connection to the shell in /)
    const early = await again(made.id)
    assert.equal((await early.closed).code, 1013, 'the engine does not answer yet')
    await proxy.up()
    await untilAttachedAgain(made.id)
    assert.equal((await processesOf(name)).match(/dtach -a/g)?.length, 1, 'earlier clients are gone')
    assert.deepEqual(await closings(id), [])
    await release(id)
    await eventually(async () => (await closings(id)).join() === 'released')
  })

  it('ends a terminal without dtach, which says so', async () => {
    const { id, name } = await reserve(`${manager.pool}plain`)
    const viewer = await attach(await create(name))
    await viewer.prints(/\$ $/)
    await proxy.down()
    assert.equal((await viewer.closed).code, 4410)
    const { why, reason } = await viewer.saw('ended')
    assert.equal(why, 'lost')
    assert.match(String(reason), /^The engine closed the connection to the shell in /)
    await proxy.up()
    assert.deepEqual(await closings(id), ['lost'])
    await release(id)
  })
})

describe('after a crash of the manager, a shell without viewers', () => {
  it('ends with the reservation, and leaves an event', async () => {
    const { id, name } = await reserve()
    await attach(await create(name))
    await manager.kill()
    await manager.start()
    assert.equal((await list()).length, 1)
    await release(id)
    await eventually(async () => (await closings(id)).join() === 'released')
  })

  it('counts toward the limit, and ends when it has had no viewer for 10 minutes', async () => {
    const { id, name } = await reserve()
    const made = await create(name)
    const viewer = await attach(made)
    await viewer.run('sleep 12345', /12345/)
    for (let nth = 1; nth < 8; nth += 1) await create(name)
    await eventually(async () => (await processesOf(name)).includes('sleep 12345'))
    await manager.kill()
    const database = new DatabaseSync(join(manager.folder, 'containers.db'))
    database.prepare('UPDATE terminals SET viewed_at = ? WHERE id = ?').run(Date.now() - 12 * MINUTE_MS, made.id)
    database.close()
    const startedAt = Date.now()
    await manager.start()
    await assert.rejects(create(name), /429/)
    await sleep(0.8 * MINUTE_MS)
    await eventually(async () => (await closings(id)).length > 0)
    const [{ detail, at = '' } = {}, ...further] = await closed(id)
    assert.deepEqual([detail, further], ['idle', []])
    assert.ok(Date.parse(at) - startedAt >= MINUTE_MS, 'its viewers have a minute to reconnect')
    await eventually(async () => !(await processesOf(name)).includes('sleep 12345'))
    assert.equal((await list()).length, 7)
    await create(name)
    await release(id)
  })
})
