/** Event streams over real sockets: clients that reconnect, leave, or never read. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, it } from 'node:test'
import type { Store } from '../../../src/ports/store.ts'
import { type Api, type ApiOptions, listening, openApi } from '../../../lab/api.ts'
import { eventually } from '../../../lab/eventually.ts'
import { type Listener, listen, told } from '../../support/engine/listener.ts'

/** A filled pool, and the address of its API. */
async function serving(options: ApiOptions = {}): Promise<{ api: Api; address: string; port: number }> {
  const api = await openApi(options)
  return { api, ...(await listening(api)) }
}

/** Events after this id, as pages show them. */
async function pages(api: Api, after = 0, query = ''): Promise<{ id: number }[]> {
  const { text } = await api.get(`/v1/events?limit=1000&after=${after}${query}`)
  return JSON.parse(text).events
}

/** Appends four events, and takes two ready containers. */
async function reserveTwo({ get }: Api): Promise<void> {
  assert.equal((await get('/reserve?username=alice&count=2')).status, 200)
}

/** Appends many events cheaply: sizes of an unknown pool. */
async function scaleMany({ world }: Api, count: number, size = 300): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    await world.store.resizePool('nowhere', { size: n % 2, pinned: true }, 'x'.repeat(size), world.now())
  }
}

const ids = (listener: Listener) => listener.messages.map(({ id }) => Number(id))

describe('GET /v1/events as a stream', () => {
  it('sends new events in the form of the pages', async () => {
    const { api, address } = await serving()
    const before = await api.world.store.latestEvent()
    const listener = await listen(address)
    assert.deepEqual(
      ['cache-control', 'x-accel-buffering', 'x-content-type-options'].map((name) => listener.headers.get(name)),
      ['no-store', 'no', 'nosniff'],
    )
    await reserveTwo(api)
    await listener.heard(4)
    assert.deepEqual(listener.messages.map(told), await pages(api, before))
    assert.deepEqual(listener.retries, [2_000])
  })

  it('sends all events after an id, then new ones; Last-Event-ID takes precedence over after', async () => {
    const { api, address } = await serving()
    const all = await pages(api)
    assert.ok(all.length === 20)
    const whole = await listen(address, '?after=0')
    const rest = await listen(address, '?after=0', { 'last-event-id': '17' })
    await reserveTwo(api)
    await Promise.all([whole.heard(24), rest.heard(7)])
    assert.deepEqual(whole.messages.map(told), await pages(api))
    assert.deepEqual(rest.messages.map(told), await pages(api, 17))
  })

  it('sends the latest past events, then new ones', async () => {
    const { api, address } = await serving()
    const [some, none, resumed] = await Promise.all([
      listen(address, '?tail=3&kind=container.ready'),
      listen(address, '?tail=3&pool=nowhere'),
      listen(address, '?tail=3', { 'last-event-id': '19' }),
    ])
    await api.ask('POST', '/v1/containers/alpine-1/recycle')
    await api.world.settle()
    await scaleMany(api, 1)
    await Promise.all([some.heard(4), none.heard(1), resumed.heard(5)])
    const containers = some.messages.map((message) => told(message)['container'])
    assert.deepEqual(containers, ['alpine-8', 'alpine-9', 'alpine-10', 'alpine-1'])
    assert.equal(resumed.messages[0]?.id, '20')
  })

  it('applies the filters', async () => {
    const { api, address } = await serving()
    const active = await listen(address, '?kind=reservation.active&after=0')
    const second = await listen(address, '?container=alpine-2')
    await reserveTwo(api)
    await api.get('/release_all')
    await Promise.all([active.heard(1), second.heard(2)])
    await reserveTwo(api)
    await active.heard(2)
    assert.ok(active.messages.every(({ event }) => event === 'reservation.active'))
    assert.deepEqual(
      second.messages.map(({ event }) => event),
      ['container.reserved', 'container.removing'],
    )
  })

  it('sends every event once to a client that reconnects again and again under load', async () => {
    const { api, address } = await serving()
    const busy = scaleMany(api, 3_000)
    const heard: Record<string, unknown>[] = []
    let last: string | undefined
    let cuts = 0
    while (heard.length < 3_020) {
      const listener = await listen(address, '?after=0', last === undefined ? {} : { 'last-event-id': last })
      await listener.heard(Math.min(1 + ((cuts * 97) % 400), 3_020 - heard.length))
      listener.cut()
      await listener.over
      heard.push(...listener.messages.map(told))
      last = listener.messages.at(-1)?.id
      cuts += 1
    }
    await busy
    assert.ok(cuts > 10)
    const all = [
      ...(await pages(api)),
      ...(await pages(api, 1_000)),
      ...(await pages(api, 2_000)),
      ...(await pages(api, 3_000)),
    ]
    assert.deepEqual(heard, all)
  })

  it('serves a client that is far behind without a gap', async () => {
    const { api, address } = await serving()
    const early = await listen(address)
    await scaleMany(api, 2_500)
    const late = await listen(address, '?after=5')
    await scaleMany(api, 50)
    await Promise.all([early.heard(2_550), late.heard(2_565)])
    const expected = Array.from({ length: 2_565 }, (_, index) => index + 6)
    assert.deepEqual(ids(late), expected)
    assert.deepEqual(ids(early), expected.slice(15))
  })

  it('sends heartbeats while nothing happens', async () => {
    const { address } = await serving({ access: () => ({ streaming: { heartbeatMs: 20, idleTimeoutMs: 5_000 } }) })
    const listener = await listen(address)
    await listener.heard(3, 'comments')
    assert.deepEqual(listener.messages, [])
  })

  it('continues after a failed read of the database', async () => {
    let away = false
    const storeFaults: ApiOptions['storeFaults'] = (verb) =>
      away && verb === 'events' ? { when: 'before', error: new Error('disk on fire') } : null
    const { api, address } = await serving({ storeFaults })
    const listener = await listen(address)
    away = true
    await reserveTwo(api)
    for (let look = 0; look < 20; look += 1) await turn()
    assert.deepEqual(listener.messages, [])
    away = false
    await reserveTwo(api)
    await listener.heard(8)
    assert.equal(new Set(ids(listener)).size, 8)
  })

  const refused: [query: string, headers: Record<string, string>, path: string][] = [
    ['?limit=5', {}, 'limit'],
    ['?after=x', {}, 'after'],
    ['?after=99', {}, 'after'],
    ['', { 'last-event-id': '99' }, 'Last-Event-ID'],
    ['', { 'last-event-id': 'x' }, 'Last-Event-ID'],
    ['', { 'last-event-id': '-1' }, 'Last-Event-ID'],
    ['', { 'last-event-id': '1e1' }, 'Last-Event-ID'],
  ]
  for (const [query, headers, path] of refused) {
    it(`refuses ${query} ${JSON.stringify(headers)}`, async () => {
      const { server } = await openApi()
      const accept = 'text/event-stream'
      const answer = await server.inject({ url: `/v1/events${query}`, headers: { accept, ...headers } })
      assert.equal(answer.statusCode, 422)
      assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
      assert.deepEqual(
        answer.json().errors.map((violation: { path: string }) => violation.path),
        [path],
      )
    })
  }
})

/** Requests all events, and reads nothing of the answer. */
async function deafClient(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.pause()
  // Any way in which the connection ends counts.
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write('GET /v1/events?after=0 HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n')
  return socket
}

describe('a client that never reads', () => {
  /** Counts the reads of events by routes. */
  function counting(): { reads: () => number; storeFaults: NonNullable<ApiOptions['storeFaults']> } {
    let reads = 0
    const storeFaults = (verb: string) => {
      if (verb === 'events') reads += 1
      return null
    }
    return { reads: () => reads, storeFaults }
  }

  it('costs no reading ahead, delays no other client, and is disconnected in the end', async () => {
    const { reads, storeFaults } = counting()
    const { api, port, address } = await serving({
      storeFaults,
      access: () => ({ streaming: { heartbeatMs: 100, idleTimeoutMs: 1_500 } }),
    })
    // More than the buffers of two sockets hold.
    await scaleMany(api, 8_000, 5_000)
    const deaf = await deafClient(port)
    const closed = closing(deaf)
    const listener = await listen(address)
    await listener.heard(1, 'comments')
    let last = -1
    await eventually(async () => {
      const [before, now] = [last, reads()]
      last = now
      return before === now
    })
    assert.ok(last < 50, `${last} pages of 80 were read`)
    await reserveTwo(api)
    await listener.heard(4)
    // Reading starts only now, to see the end of the connection; the server has closed it long before.
    await eventually(async () => (await connections(api)) === 1)
    deaf.resume()
    await closed
    assert.equal(await connections(api), 1, 'who listens stays')
  })

  it('does not keep the server from closing', async () => {
    const { api, port } = await serving()
    await scaleMany(api, 8_000, 5_000)
    const deaf = await deafClient(port)
    await eventually(async () => (await connections(api)) === 1)
    const closed = closing(deaf)
    await api.server.close()
    deaf.resume()
    await closed
  })
})

/** Resolves also when the stream ends with an error. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve())
  })
}

async function connections({ server }: Api): Promise<number> {
  return new Promise((resolve, reject) => {
    server.server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })
}

describe('streams', () => {
  /** A store whose listeners are counted. */
  function counted(api: Api): () => number {
    let listeners = 0
    const { store } = api.world
    const onEvents = store.onEvents.bind(store)
    Object.assign(store, {
      onEvents: ((listener) => {
        listeners += 1
        const stop = onEvents(listener)
        return () => {
          listeners -= 1
          stop()
        }
      }) satisfies Store['onEvents'],
    })
    return () => listeners
  }

  it('end cleanly when the server closes, which does not wait for them', async () => {
    const { api, address } = await serving()
    const listeners = await Promise.all([listen(address), listen(address, '?after=0'), listen(address, '?pool=none')])
    await listeners[1]?.heard(20)
    await api.server.close()
    assert.deepEqual(await Promise.all(listeners.map(({ over }) => over)), ['end', 'end', 'end'])
  })

  it('leave nothing behind when their clients are gone', async () => {
    const { api, address } = await serving()
    const listeners = counted(api)
    const [first, second] = [await listen(address), await listen(address)]
    await reserveTwo(api)
    await Promise.all([first.heard(4), second.heard(4)])
    assert.equal(listeners(), 1, 'the database is asked by one for all')
    first.cut()
    await reserveTwo(api)
    await second.heard(8)
    second.cut()
    await eventually(async () => listeners() === 0)
    const third = await listen(address)
    await reserveTwo(api)
    await third.heard(4)
    third.cut()
    await eventually(async () => listeners() === 0)
  })

  it('of a hundred clients query the database about as often as one', async () => {
    let reads = 0
    const storeFaults: ApiOptions['storeFaults'] = (verb) => {
      if (verb === 'events') reads += 1
      return null
    }
    const { api, address } = await serving({ storeFaults })
    const crowd = await Promise.all(Array.from({ length: 100 }, () => listen(address)))
    const before = reads
    await scaleMany(api, 300)
    await Promise.all(crowd.map((listener) => listener.heard(300)))
    assert.ok(reads - before <= 310, `${reads - before} reads`)
    for (const listener of crowd) assert.deepEqual(ids(listener), ids(crowd[0] ?? listener))
    for (const listener of crowd) listener.cut()
  })
})
