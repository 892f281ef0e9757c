/** A live view of a real manager that is killed, restored from a copy of its database, and hidden by its proxy. */
import assert from 'node:assert/strict'
import { cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, type Event, Unreachable } from '../../src/client/client.ts'
import { testManager } from '../../lab/manager.ts'
import { eventually } from '../../lab/eventually.ts'
import { openFailingProxy, response } from '../support/http/failing-proxy.ts'
import { LiveWatch } from '../support/http/live-watch.ts'

const manager = await testManager('live', { size: 3, top: { engine: 'memory' } })

before(async () => {
  await manager.start()
  await manager.untilReady()
})

/** Reserves and releases a container, and waits until its slot is ready again. */
async function use(): Promise<void> {
  await manager.untilReady()
  await manager.reserve({ username: 'alice' })
  await manager.get('/release_all')
  await manager.untilReady()
}

/** Waits until the manager has nothing to do and the view has all of its events; compares them, from its first on. */
async function hasAll(watch: LiveWatch): Promise<void> {
  await manager.untilReady()
  const from = (watch.ids()[0] ?? 0) - 1
  await eventually(async () => {
    const { body } = await manager.get<{ events: Event[] }>(`/v1/events?limit=1000&after=${from}`)
    assert.deepEqual(
      watch.of('event').map(({ event }) => event),
      body.events,
    )
    return body.events.length > 0
  })
}

describe('followLive', () => {
  it('is live again soon after the manager was killed and started, with every event', async () => {
    const watch = new LiveWatch(manager.url)
    await watch.heard('pools')
    await use()
    const killed = performance.now()
    await manager.kill()
    await watch.heard('broken')
    assert.ok(performance.now() - killed < 1_000, 'a closed connection is seen at once')
    await sleep(2_000)
    assert.ok(watch.of('broken').at(-1)?.error instanceof Unreachable)
    await manager.start()
    const started = performance.now()
    await watch.heard('connected', 2)
    assert.ok(performance.now() - started < 5_000, 'within five seconds')
    await use()
    await hasAll(watch)
  })

  it('reconnects by itself after a proxy without its manager, and after a captive portal', async () => {
    const proxy = await openFailingProxy(manager.url)
    const watch = new LiveWatch(proxy.url)
    await watch.heard('pools')
    await use()
    proxy.answer(response('502 Bad Gateway', 'text/html', '<h1>502 Bad Gateway</h1>'))
    await use()
    await watch.heard('broken', 3)
    const error = watch.of('broken').at(-1)?.error
    assert.ok(error instanceof ApiError && error.code === 'unreachable', String(error))
    proxy.answer(response('200 OK', 'text/html', '<h1>Welcome to the hotel</h1>'))
    await eventually(async () => {
      const last = watch.of('broken').at(-1)?.error
      return last instanceof ApiError && last.code === 'not_berth'
    })
    assert.equal(watch.of('connected').length, 1)
    proxy.pass()
    await watch.heard('connected', 2)
    await hasAll(watch)
  })

  it('detects within 20 seconds that nothing arrives, though no connection was closed', async () => {
    const proxy = await openFailingProxy(manager.url)
    const watch = new LiveWatch(proxy.url)
    await watch.heard('pools')
    await use()
    const began = performance.now()
    proxy.stall()
    await use()
    await watch.heard('broken')
    const silentMs = performance.now() - began
    assert.ok(silentMs > 4_000 && silentMs < 21_000, `${silentMs} ms`)
    proxy.pass()
    await watch.heard('connected', 2)
    await hasAll(watch)
  })

  it('continues with a database that was restored to a time before its last event', async () => {
    const files = ['containers.db', 'containers.db-wal', 'containers.db-shm']
    const copy = (from: string, to: string) => {
      for (const file of files) {
        rmSync(join(manager.folder, `${file}${to}`), { force: true })
        const source = join(manager.folder, `${file}${from}`)
        if (existsSync(source)) cpSync(source, join(manager.folder, `${file}${to}`))
      }
    }
    await manager.interrupt()
    copy('', '.earlier')
    await manager.start()
    const watch = new LiveWatch(manager.url)
    await watch.heard('pools')
    // More events than the start of a manager makes.
    for (let n = 0; n < 10; n += 1) await use()
    await hasAll(watch)
    const last = watch.ids().at(-1) ?? 0
    await manager.interrupt()
    await watch.heard('broken')
    copy('.earlier', '')
    const [seen, connected] = [watch.ids().length, watch.of('connected').length]
    await manager.start()
    await watch.heard('connected', connected + 1)
    await use()
    await eventually(async () => watch.ids().length > seen)
    assert.ok((watch.ids()[seen] ?? last) < last, 'ids of the restored log')
  })
})
