/** A client with the current answer gets 304; one with an outdated answer never does. */
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import { activeAt, listAvailable, listReservations } from '../../src/http/simple/lists.ts'
import { type Api, openApi } from '../../lab/api.ts'
import { openTokenApi } from '../support/http/token-api.ts'

const LISTS = ['/available', '/reservations', '/v1/containers', '/v1/pools', '/v1/reservations']
const MINUTE_MS = 60_000

type Server = Pick<Api, 'server'>['server']

/** On a real socket: the injected one keeps a timer for each answer without a body. */
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
    it(`${url} answers 304 without a body to a client that has it, and 200 to others`, async () => {
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

  it('does not affect refusals and endpoints that change state', async () => {
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

  it('of one user reveals nothing about another', async () => {
    const api = await openTokenApi()
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

describe('a list', () => {
  it('is correct at every moment, whichever way the clock goes', async () => {
    const step = fc.oneof(
      fc.integer({ min: 1, max: 90 }).map((tenths) => `/reserve?username=alice&duration=${1 + tenths / 10}`),
      fc.constant('/release_all'),
      fc.integer({ min: 1, max: 7_000 }),
      fc.integer({ min: 1, max: 3 * MINUTE_MS }),
      fc.integer({ min: -MINUTE_MS, max: -1 }),
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
          const at = { by: ANONYMOUS, now: now - (now % 1_000) }
          for (const [url, right] of [
            ['/available', JSON.stringify(listAvailable(snapshot, activeAt(snapshot, now)))],
            ['/reservations', JSON.stringify(listReservations(snapshot, activeAt(snapshot, now), at))],
          ] as const) {
            const first = await ask(api.server, url)
            assert.equal(first.payload, right)
            // Unchanged rows, which may be answered with the kept list.
            const { payload, headers } = await ask(api.server, url)
            assert.equal(payload, right)
            const ofOne = { date: null, 'x-request-id': null }
            assert.deepEqual({ ...headers, ...ofOne }, { ...first.headers, ...ofOne })
          }
        }
        await api.server.close()
      }),
      { numRuns: 15 },
    )
  })

  it('shows fewer minutes as they pass, and no reservation whose time is up', async () => {
    const api = await openApi()
    await api.get('/reserve?username=alice&duration=1')
    const left = async () => /([\d.]+) minutes/.exec((await api.get('/reservations')).text)?.[1]
    assert.equal(await left(), '1.0')
    api.world.advance(2_999)
    assert.equal(await left(), '1.0')
    api.world.advance(2)
    assert.equal(await left(), '0.9')
    api.world.advance(MINUTE_MS - 3_002)
    assert.equal(await left(), '0.0')
    const before = await tagOf(api, '/available')
    api.world.advance(1)
    assert.equal(await left(), undefined)
    assert.notEqual(await tagOf(api, '/available'), before)
  })
})
