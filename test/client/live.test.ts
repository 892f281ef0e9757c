/** A live view of a manager over connections that fail, with heartbeats that tests need not wait for. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { ApiError } from '../../src/client/client.ts'
import { type Api, listening, openApi } from '../../lab/api.ts'
import { eventually } from '../../lab/eventually.ts'
import { openFailingProxy } from '../support/http/failing-proxy.ts'
import { LiveWatch } from '../support/http/live-watch.ts'
import { openTokenApi } from '../support/http/token-api.ts'

const streaming = { heartbeatMs: 100, idleTimeoutMs: 60_000 }

async function behindProxy() {
  const api = await openApi({ access: () => ({ streaming }) })
  const { address } = await listening(api)
  return { api, proxy: await openFailingProxy(address) }
}

/** Reserves and releases: appends eight events. */
async function use({ ask }: Api): Promise<void> {
  const { status, text } = await ask('POST', '/v1/reservations', { 'content-type': 'application/json' }, '{}')
  assert.equal(status, 201, text)
  await ask('DELETE', `/v1/reservations/${JSON.parse(text).id}`)
}

async function idsAfter({ get }: Api, last: number): Promise<number[]> {
  const { events } = JSON.parse((await get(`/v1/events?limit=1000&after=${last}`)).text)
  return events.map(({ id }: { id: number }) => id)
}

describe('followLive', () => {
  it('begins with connected, the time and the counts, and then has every event', async () => {
    const { api, proxy } = await behindProxy()
    const watch = new LiveWatch(proxy.url)
    await watch.heard('pools')
    assert.deepEqual(
      watch.messages.slice(0, 3).map(({ kind }) => kind),
      ['connected', 'clock', 'pools'],
    )
    assert.equal(watch.of('clock')[0]?.now, api.world.now())
    assert.equal(watch.of('pools')[0]?.pools[0]?.containers['ready'], 10)
    await use(api)
    await watch.heard('event', 5)
    assert.deepEqual(watch.ids(), await idsAfter(api, 20))
    assert.equal(watch.of('event')[0]?.event.kind, 'reservation.preparing')
  })

  it('has no gap and no duplicate over broken connections while much happens', async () => {
    const { api, proxy } = await behindProxy()
    // The clock says where the stream begins, before any event.
    const watch = new LiveWatch(proxy.url)
    await watch.heard('clock')
    for (let n = 0; n < 6; n += 1) {
      proxy.cut()
      for (let uses = 0; uses < 10; uses += 1) {
        await use(api)
        await api.world.settle()
      }
      watch.hurry.dispatchEvent(new Event('hurry'))
      await watch.heard('connected', 2 + n)
    }
    const all = await idsAfter(api, 20)
    assert.ok(all.length > 300)
    await watch.heard('event', all.length)
    assert.deepEqual(watch.ids(), all)
    assert.equal(watch.of('broken').length, 6)
  })

  it('treats silence as a broken connection, unless there are heartbeats', async () => {
    const { api, proxy } = await behindProxy()
    const watch = new LiveWatch(proxy.url, { maxSilenceMs: 800 })
    await watch.heard('clock', 12)
    assert.equal(watch.of('broken').length, 0, 'longer than the silence that is allowed')
    const began = performance.now()
    proxy.stall()
    await use(api)
    await watch.heard('broken')
    const silentMs = performance.now() - began
    assert.ok(silentMs > 700 && silentMs < 2_500, `${silentMs} ms`)
    assert.match(String(watch.of('broken')[0]?.error), /nothing for 0\.8 s/)
    // The next connection is accepted and never answered.
    await watch.heard('broken', 2)
    proxy.pass()
    await watch.heard('connected', 2)
    await eventually(async () => watch.ids().length >= 5)
    assert.deepEqual(watch.ids(), await idsAfter(api, 20))
  })

  it('replaces a connection on hurry if it was silent for some seconds, without reporting it as broken', async () => {
    const api = await openApi({ access: () => ({ streaming: { ...streaming, heartbeatMs: 60_000 } }) })
    const proxy = await openFailingProxy((await listening(api)).address)
    const watch = new LiveWatch(proxy.url, { maxSilenceMs: 60_000 })
    await watch.heard('pools')
    watch.hurry.dispatchEvent(new Event('hurry'))
    proxy.stall()
    await use(api)
    await sleep(5_200)
    assert.equal(watch.of('connected').length, 1, 'a connection that has just been heard is kept')
    proxy.pass()
    watch.hurry.dispatchEvent(new Event('hurry'))
    await watch.heard('connected', 2)
    await watch.heard('event', 5)
    assert.deepEqual(watch.ids(), await idsAfter(api, 20))
    assert.equal(watch.of('broken').length, 0)
  })

  it('throws when its token is deleted', async () => {
    const api = await openTokenApi({ streaming })
    const { address } = await listening(api)
    const [alice, root] = [await api.give('alice'), await api.give('root', 'admin')]
    const watch = new LiveWatch(address, { token: alice.text })
    await watch.heard('pools')
    await api.ask('DELETE', `/v1/tokens/${alice.token.id}`, root.headers)
    await assert.rejects(watch.over, (error) => error instanceof ApiError && error.code === 'unauthorized')
    assert.equal(watch.of('broken').length, 1)
  })

  it('ends with its signal, also while it waits', async () => {
    const { proxy } = await behindProxy()
    const watch = new LiveWatch(proxy.url)
    await watch.heard('clock')
    proxy.answer('')
    await watch.heard('broken')
    watch.stop()
    await watch.over
    assert.deepEqual(await new LiveWatch(proxy.url, { signal: AbortSignal.abort() }).over, undefined)
  })
})
