/** What live streams are sent besides events: the time of the manager, and the counts of pools. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { quarantined, ready } from '../../../src/domain/container.ts'
import type { PoolCounts } from '../../../src/client/events.ts'
import { type Api, type ApiOptions, listening, openApi } from '../../../lab/api.ts'
import { eventually } from '../../../lab/eventually.ts'
import { type Listener, listen } from '../../support/engine/listener.ts'
import { openTokenApi } from '../../support/http/token-api.ts'

const BEATING: ApiOptions = { access: () => ({ streaming: { heartbeatMs: 50, idleTimeoutMs: 5_000 } }) }
const NONE = { creating: 0, ready: 0, reserved: 0, removing: 0, broken: 0, quarantined: 0 }

async function serving(options: ApiOptions = {}): Promise<{ api: Api; address: string }> {
  const api = await openApi(options)
  return { api, address: (await listening(api)).address }
}

/** Returns the data of the messages of this name. */
function dataOf(listener: Listener, name: string): Record<string, unknown>[] {
  return listener.messages.filter(({ event }) => event === name).map(({ data }) => JSON.parse(data))
}

function poolsOf(listener: Listener): PoolCounts[][] {
  return dataOf(listener, 'pools').map(({ pools }) => pools as PoolCounts[])
}

/** Counts the calls of a verb of the store by routes. */
function counting(verb: string): { calls: () => number; storeFaults: NonNullable<ApiOptions['storeFaults']> } {
  let calls = 0
  const storeFaults = (called: string) => {
    if (called === verb) calls += 1
    return null
  }
  return { calls: () => calls, storeFaults }
}

/** Quarantines all containers one after the other, and takes them back in the same order, from the nth change on. */
async function change({ world: { store, now } }: Api, times: number, from = 0): Promise<void> {
  for (let n = from; n < from + times; n += 1) {
    const container = (await store.container(`alpine-${1 + (n % 10)}`)) ?? assert.fail('no such container')
    const patch = container.state === 'ready' ? quarantined(now()) : ready(now())
    assert.ok(await store.updateContainer(container, patch, now()))
  }
}

describe('GET /v1/events?live=true', () => {
  it('begins with the time and the counts of all pools, without ids', async () => {
    const { api, address } = await serving()
    const listener = await listen(address, '?live=true&after=0')
    await listener.heard(22)
    assert.deepEqual(listener.messages.slice(0, 2), [
      { event: 'clock', id: undefined, data: '{"now":"2027-01-15T08:00:00.000Z","after":0}' },
      { event: 'pools', id: undefined, data: listener.messages[1]?.data ?? '' },
    ])
    const nothing = { waiting: 0, waiting_since: null, next_free_at: null, recycling_since: null, problem: null }
    assert.deepEqual(poolsOf(listener), [
      [{ name: 'alpine', size: 10, containers: { ...NONE, ready: 10 }, ...nothing }],
    ])
    assert.deepEqual(
      listener.messages.slice(2).map(({ id }) => Number(id)),
      Array.from({ length: 20 }, (_, index) => index + 1),
    )
    const [shown] = JSON.parse((await api.get('/v1/pools')).text).pools
    for (const [field, value] of Object.entries(poolsOf(listener)[0]?.[0] ?? {})) assert.deepEqual(shown[field], value)
  })

  it('sends the time instead of comments, with the id after which it continues', async () => {
    const { api, address } = await serving(BEATING)
    const listener = await listen(address, '?live=true&reservation=none')
    await listener.heard(4)
    assert.deepEqual(listener.comments, [])
    assert.deepEqual(dataOf(listener, 'clock')[0], { now: '2027-01-15T08:00:00.000Z', after: 20 })
    api.world.advance(1_000)
    await change(api, 3)
    await eventually(async () => dataOf(listener, 'clock').at(-1)?.['after'] === 23)
    assert.equal(dataOf(listener, 'clock').at(-1)?.['now'], '2027-01-15T08:00:01.000Z')
  })

  it('sends the counts again when they change: at once, then at most once a second', async () => {
    const { api, address } = await serving()
    const listener = await listen(address, '?live=true')
    await listener.heard(2)
    const began = performance.now()
    await change(api, 1)
    await listener.heard(4)
    assert.ok(performance.now() - began < 500, 'the first change is sent at once')
    let changes = 1
    while (performance.now() - began < 3_000) {
      await change(api, 7, changes)
      changes += 7
      await sleep(5)
    }
    assert.ok(changes > 100, `${changes} changes`)
    const { containers } = await api.world.store.snapshot()
    const free = containers.filter(({ state }) => state === 'ready').length
    await eventually(async () => poolsOf(listener).at(-1)?.[0]?.containers['ready'] === free)
    const seconds = (performance.now() - began) / 1_000
    const sent = poolsOf(listener).length - 1
    assert.ok(sent <= seconds + 1, `${sent} times in ${seconds} s`)
    assert.ok(sent >= 2, `${sent} times`)
  })

  it('counts once for all streams, and not at all without one', async () => {
    const { calls, storeFaults } = counting('snapshot')
    const { api, address } = await serving({ storeFaults })
    const plain = await listen(address)
    await change(api, 1)
    await plain.heard(1)
    assert.equal(calls(), 0)
    assert.deepEqual(
      plain.messages.map(({ event }) => event),
      ['container.quarantined'],
    )
    const crowd = await Promise.all(Array.from({ length: 100 }, () => listen(address, '?live=true')))
    await Promise.all(crowd.map((listener) => listener.heard(2)))
    assert.equal(calls(), 1)
    const began = performance.now()
    await change(api, 100, 1)
    await Promise.all(crowd.map((listener) => listener.heard(102)))
    await eventually(async () => crowd.every((listener) => poolsOf(listener).at(-1)?.[0]?.containers['ready'] === 9))
    const seconds = (performance.now() - began) / 1_000
    assert.ok(calls() <= seconds + 4, `${calls()} counts in ${seconds} s`)
    for (const listener of crowd) listener.cut()
    await sleep(1_500)
    const before = calls()
    await sleep(1_500)
    assert.equal(calls(), before, 'nobody listens')
    await change(api, 1, 1)
    const late = await listen(address, '?live=true')
    await late.heard(2)
    assert.equal(poolsOf(late)[0]?.[0]?.containers['ready'], 8, 'counts of now, not of then')
  })

  it('goes on after a failed read of the database', async () => {
    let away = true
    const storeFaults: ApiOptions['storeFaults'] = (verb) =>
      away && verb === 'snapshot' ? { when: 'before', error: new Error('disk on fire') } : null
    const { api, address } = await serving({ storeFaults })
    const listener = await listen(address, '?live=true')
    await change(api, 1)
    await listener.heard(2)
    assert.deepEqual(poolsOf(listener), [])
    away = false
    await eventually(async () => poolsOf(listener).length === 1)
  })

  it('shows users the counts of everybody, and only their own events', async () => {
    const api = await openTokenApi()
    const { address } = await listening(api)
    const [alice, bob] = [await api.give('alice'), await api.give('bob')]
    const listener = await listen(address, '?live=true', alice.headers)
    await listener.heard(2)
    const reserve = async (headers: Record<string, string>) => {
      const json = { 'content-type': 'application/json', ...headers }
      assert.equal((await api.ask('POST', '/v1/reservations', json, '{"username":"somebody"}')).status, 201)
    }
    await reserve(bob.headers)
    await eventually(async () => poolsOf(listener).at(-1)?.[0]?.containers['reserved'] === 1)
    assert.deepEqual(
      listener.messages.map(({ event }) => event),
      ['clock', 'pools', 'pools'],
    )
    assert.doesNotMatch(JSON.stringify(poolsOf(listener)), /bob|somebody/)
    await reserve(alice.headers)
    await eventually(async () => poolsOf(listener).at(-1)?.[0]?.containers['reserved'] === 2)
    const events = listener.messages.filter(({ id }) => id !== undefined).map(({ data }) => JSON.parse(data).owner)
    assert.deepEqual(events, ['alice', 'alice', 'alice'])
  })
})
