/** The client against the API on a real socket. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import { answerOf, ApiError, openClient, Unreachable } from '../../src/client/client.ts'
import { listening, openApi } from '../../lab/api.ts'
import { tryToListen } from '../../lab/ports.ts'

const api = await openApi()
const { address } = await listening(api)
const berth = openClient({ url: address })

/** What is no manager. */
async function somethingElse(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

describe('the client', () => {
  it('reserves, reads, extends and releases, with the types of the document', async () => {
    const reserved = await answerOf(berth.POST('/v1/reservations', { body: { count: 2, username: 'alice' } }))
    const params = { path: { id: reserved.id } }
    assert.equal(reserved.password?.length, 20)
    const { reservations } = await answerOf(berth.GET('/v1/reservations', { params: { query: { state: 'active' } } }))
    assert.deepEqual(
      reservations.map((each) => each.id),
      [reserved.id],
    )
    const extended = await answerOf(berth.PATCH('/v1/reservations/{id}', { params, body: { extend: '30m' } }))
    assert.ok((extended.expires_at ?? '') > (reserved.expires_at ?? ''))
    const released = await answerOf(berth.DELETE('/v1/reservations/{id}', { params }))
    assert.equal(released.outcome, 'released')
    const pools = await answerOf(berth.GET('/v1/pools'))
    // @ts-expect-error there is no such field, and the types know
    assert.equal(pools.pools[0]?.nonsense, undefined)
  })

  it('throws a refusal as an error with its code and every violation', async () => {
    const call = berth.POST('/v1/reservations', { body: { count: 99, duration: 'long' } })
    await assert.rejects(answerOf(call), (error) => {
      assert.ok(error instanceof ApiError)
      assert.equal(error.status, 422)
      assert.equal(error.code, 'invalid_request')
      assert.deepEqual(
        error.violations.map(({ path }) => path),
        ['count', 'duration'],
      )
      return true
    })
  })

  it('sends its token', async () => {
    const url = await somethingElse((request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ pools: [], seen: [request.url, request.headers.authorization] }))
    })
    const answer = await answerOf(openClient({ url, token: 'berth_x_y' }).GET('/v1/pools'))
    assert.deepEqual(Object(answer).seen, ['/v1/pools', 'Bearer berth_x_y'])
  })

  it('reports an address without an answer, and a server that is not Berth', async () => {
    const guard = await tryToListen(0, '127.0.0.1')
    assert.ok(guard)
    const { port } = guard.address() as AddressInfo
    guard.close()
    await once(guard, 'close')
    const nobody = openClient({ url: `http://127.0.0.1:${port}` })
    await assert.rejects(answerOf(nobody.GET('/v1/pools')), (error) => {
      assert.ok(error instanceof Unreachable)
      assert.match(error.message, new RegExp(`^http://127.0.0.1:${port} does not answer: connect ECONNREFUSED`))
      return true
    })
    for (const [status, body] of [
      [200, '<html>'],
      [404, '{"error":"nothing here"}'],
      [200, ''],
    ] as const) {
      const url = await somethingElse((_, response) => response.writeHead(status).end(body))
      await assert.rejects(answerOf(openClient({ url }).GET('/v1/pools')), {
        name: 'ApiError',
        code: 'not_berth',
        status,
      })
    }
  })

  it('reports a proxy whose manager does not answer', async () => {
    for (const status of [502, 503, 504]) {
      const url = await somethingElse((_, response) => response.writeHead(status).end('<html>'))
      await assert.rejects(answerOf(openClient({ url }).GET('/v1/pools')), {
        code: 'unreachable',
        status,
        message: `the proxy at ${new URL(url).origin} answers ${status}: the manager behind it does not answer`,
      })
    }
    // What Berth itself answers keeps its code.
    const problem = JSON.stringify({ code: 'engine_unavailable', title: 'Service Unavailable', detail: 'no Docker' })
    const url = await somethingElse((_, response) => response.writeHead(503).end(problem))
    await assert.rejects(answerOf(openClient({ url }).GET('/v1/pools')), { code: 'engine_unavailable' })
  })

  it('reports a server that refuses http', async () => {
    const url = await somethingElse((_, response) => response.writeHead(403).end('Use https://berth.example.org'))
    await assert.rejects(answerOf(openClient({ url }).GET('/v1/pools')), {
      code: 'https_required',
      message: `${new URL(url).origin} answers 403: it probably requires https, or is not a Berth manager`,
    })
  })

  it('can be interrupted', async () => {
    const url = await somethingElse(() => undefined)
    const call = openClient({ url }).GET('/v1/pools', { signal: AbortSignal.timeout(50) })
    await assert.rejects(answerOf(call), { name: 'TimeoutError' })
  })
})
