/** Whoever has an answer already is told so, and never that what they have is right when it is not. */
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ANYONE } from '../../src/core/identity.ts'
import { listAvailable, listReservations } from '../../src/http/compat-lists.ts'
import { type Api, openApi } from '../support/api.ts'
import { openGuarded } from '../support/guarded.ts'

const LISTS = ['/available', '/reservations', '/v1/containers', '/v1/pools', '/v1/reservations']
const MINUTE = 60_000

type Server = Pick<Api, 'server'>['server']

/** On a real socket: what stands in for one keeps a timer for each answer without a body. */
async function ask(server: Server, url: string, headers: Record<string, string> = {}) {
  if (!server.server.listening) await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${port}${url}`, { headers })
  return { statusCode: answer.status, headers: Object.fromEntries(answer.headers), payload: await answer.text() }
}

async function tagOf({ server }: { server: Server }, url: string, headers = {}): Promise<string> {
  return String((await ask(server, url, headers)).headers['etag'])
}

describe('If-None-Match', () => {
  for (const url of LISTS) {
    it(`${url} answers 304 without a body to whoever has it, and 200 to everybody else`, async () => {
      const api = await openApi()
      assert.equal((await api.get('/reserve?username=alice')).status, 200)
      const first = await ask(api.server, url)
      const etag = String(first.headers['etag'])
      assert.match(etag, /^"[\w-]{27}"$/)
      assert.equal(first.headers['cache-control'], 'private, no-cache')
      for (const known of [etag, `W/${etag}`, `"a,b", W/${etag}`, `"x" ,${etag}`, '*', ' * ']) {
        const { statusCode, headers, payload } = await ask(api.server, url, { 'if-none-match': known })
        assert.deepEqual([statusCode, payload, headers['etag']], [304, '', etag], known)
        assert.equal(headers['cache-control'], 'private, no-cache')
        assert.equal(headers['x-content-type-options'], 'nosniff')
        assert.equal(headers['content-length'], undefined)
      }
      for (const other of ['"x"', etag.slice(1, -1), `"${etag}`.slice(0, 9), '', 'W/"*"', '**']) {
        const { statusCode, payload } = await ask(api.server, url, { 'if-none-match': other })
        assert.deepEqual([statusCode, payload], [200, first.payload], other)
      }
    })
  }

  it('makes no difference to what is refused, or changes anything', async () => {
    const api = await openApi()
    const headers = { 'if-none-match': '*' }
    for (const [url, status] of [
      ['/available?a=1', 400],
      ['/v1/containers?pool=', 200],
      ['/v1/nothing', 404],
    ] as const) {
      const { statusCode, headers: answered } = await ask(api.server, url, headers)
      assert.equal(statusCode, status === 200 ? 304 : status, url)
      if (status >= 400) assert.equal(answered['cache-control'], 'no-store', url)
    }
    assert.equal((await api.get('/reserve?username=alice', headers)).status, 200)
  })

  it('of one tells nothing of what another may see', async () => {
    const api = await openGuarded()
    const [alice, bob] = [await api.give('alice'), await api.give('bob')]
    await api.get('/reserve?username=a', alice.headers)
    for (const url of ['/reservations', '/v1/containers', '/v1/reservations']) {
      const [hers, his] = [await tagOf(api, url, alice.headers), await tagOf(api, url, bob.headers)]
      assert.notEqual(hers, his, url)
      const asked = await ask(api.server, url, { ...bob.headers, 'if-none-match': hers })
      assert.equal(asked.statusCode, 200)
      assert.ok(!asked.payload.includes('"a"'), url)
    }
    const stranger = await ask(api.server, '/reservations', { 'if-none-match': '*' })
    assert.equal(stranger.statusCode, 401)
  })
})

describe('what is kept of an answer', () => {
  it('is right at every moment, whatever happens and whichever way the clock goes', async () => {
    const step = fc.oneof(
      fc.integer({ min: 1, max: 90 }).map((tenths) => `/reserve?username=alice&duration=${1 + tenths / 10}`),
      fc.constant('/release_all'),
      fc.integer({ min: 1, max: 7_000 }),
      fc.integer({ min: 1, max: 3 * MINUTE }),
      fc.integer({ min: -MINUTE, max: -1 }),
      fc.constant('tick'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
        const api = await openApi()
        for (const one of steps) {
          if (one === 'tick') await api.world.reconciler.tick()
          else if (typeof one === 'number') api.world.advance(one)
          else await api.server.inject(one)
          await api.world.reconciler.idle()
          const [snapshot, now] = [await api.world.store.snapshot(), api.world.now()]
          for (const [url, right] of [
            ['/available', listAvailable(snapshot, now).text],
            ['/reservations', listReservations(snapshot, ANYONE, now).text],
          ] as const) {
            const first = await ask(api.server, url)
            assert.equal(first.payload, right)
            // The same bytes again, which may never have come to a route.
            const { payload, headers } = await ask(api.server, url)
            assert.equal(payload, right)
            assert.deepEqual({ ...headers, date: null }, { ...first.headers, date: null })
          }
        }
        await api.server.close()
      }),
      { numRuns: 15 },
    )
  })

  it('shows fewer minutes as soon as there are, and nobody whose time is up', async () => {
    const api = await openApi()
    await api.get('/reserve?username=alice&duration=1')
    const left = async () => /([\d.]+) minutes/.exec((await api.get('/reservations')).text)?.[1]
    assert.equal(await left(), '1.0')
    api.world.advance(2_999)
    assert.equal(await left(), '1.0')
    api.world.advance(2)
    assert.equal(await left(), '0.9')
    api.world.advance(MINUTE - 3_002)
    assert.equal(await left(), '0.0')
    const before = await tagOf(api, '/available')
    api.world.advance(1)
    assert.equal(await left(), undefined)
    assert.notEqual(await tagOf(api, '/available'), before)
  })
})

describe('a request that was answered before', () => {
  it('gets the same again, and is in the log each time', async () => {
    const api = await openApi()
    for (const headers of [{}, { 'if-none-match': '*' }]) {
      const first = await ask(api.server, '/available', headers)
      const logged = api.world.logged.length
      const again = await ask(api.server, '/available', headers)
      assert.deepEqual({ ...again.headers, date: null }, { ...first.headers, date: null })
      assert.deepEqual([again.statusCode, again.payload], [first.statusCode, first.payload])
      const [line, ...more] = api.world.logged.slice(logged)
      assert.match(line ?? '', /^GET \/available \{"status":(200|304),"ms":0\}$/)
      assert.deepEqual(more, [])
    }
  })

  it('is not mistaken for another one that is to be refused', async () => {
    const api = await openApi()
    await ask(api.server, '/available')
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'http://elsewhere.example' }]) {
      assert.equal((await ask(api.server, '/available', headers)).statusCode, 403)
    }
    assert.equal((await ask(api.server, '/available?a=1')).statusCode, 400)
    await ask(api.server, '/v1/containers?state=ready')
    const { payload } = await ask(api.server, '/v1/containers?state=reserved')
    assert.deepEqual(JSON.parse(payload), { containers: [] })
  })

  it('counts, and is asked who it is, where that is done', async () => {
    const api = await openGuarded({ rateLimit: 0 })
    const { headers, token } = await api.give('alice')
    assert.equal((await ask(api.server, '/available', headers)).statusCode, 200)
    assert.equal((await ask(api.server, '/available', headers)).statusCode, 200)
    await api.world.store.removeToken(token.id, 'admin', api.world.now())
    assert.equal((await ask(api.server, '/available', headers)).statusCode, 401)
    const counted = await openApi({ access: () => ({ rateLimit: 2 }) })
    const statuses: number[] = []
    for (let nth = 0; nth < 3; nth += 1) statuses.push((await ask(counted.server, '/available')).statusCode)
    assert.deepEqual(statuses, [200, 200, 429])
  })
})
