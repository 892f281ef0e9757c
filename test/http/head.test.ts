/** HEAD (RFC 9110, 9.3.2): the headers of a GET without its body, and no effect. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { describe, it } from 'node:test'
import { type Api, listening, openApi } from '../../lab/api.ts'
import { eventually } from '../../lab/eventually.ts'

/** Headers that differ between two requests. */
const OF_ONE_REQUEST = ['date', 'x-request-id']

async function headersOf(api: Api, method: 'GET' | 'HEAD', url: string, headers: Record<string, string> = {}) {
  const answer = await api.server.inject({ method, url, headers })
  const shown = Object.entries(answer.headers).filter(([name]) => !OF_ONE_REQUEST.includes(name))
  return { status: answer.statusCode, headers: Object.fromEntries(shown), body: answer.payload }
}

/** Returns the URL of a path of the OpenAPI document, with an example for each parameter. */
function urlOf(path: string, { id, name }: { id: string; name: string }): string {
  return path.replace('{id}', id).replace('{name}', name)
}

/** A GET of these changes something, or may be sent once. */
const CHANGING = ['/reserve', '/release_all', '/v1/session/oidc', '/v1/session/oidc/callback']

describe('HEAD', () => {
  it('is answered like GET, without the body, on every path', async () => {
    const api = await openApi()
    const reserved = await api.ask('POST', '/v1/reservations', { 'content-type': 'application/json' }, '{}')
    const example = { id: JSON.parse(reserved.text).id as string, name: 'alpine-1' }
    const { paths } = (await api.server.inject('/openapi.json')).json<{ paths: Record<string, object> }>()
    const documented = Object.entries(paths).filter(([, methods]) => 'get' in methods)
    const readable = documented.map(([path]) => path).filter((path) => !CHANGING.includes(path))
    assert.ok(readable.length > 15, readable.join())
    for (const path of [...readable, '/docs', '/docs/static/index.html', '/nowhere', '/v1/nothing']) {
      const url = urlOf(path, example)
      const get = await headersOf(api, 'GET', url)
      const head = await headersOf(api, 'HEAD', url)
      assert.equal(head.body, '', path)
      assert.equal(head.status, get.status, path)
      // Figures of the process differ from one request to the next.
      if (path === '/metrics') head.headers['content-length'] = get.headers['content-length']
      assert.deepEqual(head.headers, get.headers, path)
      assert.deepEqual(Object.keys(paths[path] ?? {}).includes('head'), false)
    }
  })

  it('is answered with 304 while the ETag is current', async () => {
    const api = await openApi()
    const { headers } = await headersOf(api, 'HEAD', '/available')
    const again = await headersOf(api, 'HEAD', '/available', { 'if-none-match': String(headers['etag']) })
    assert.deepEqual([again.status, again.body], [304, ''])
  })

  for (const path of ['/reserve?username=bob', '/release_all']) {
    it(`is refused where a GET changes what is reserved: ${path}`, async () => {
      const api = await openApi()
      await api.get('/reserve?username=alice')
      const before = await api.everything()
      const { status, headers } = await headersOf(api, 'HEAD', path)
      assert.deepEqual([status, headers['allow']], [405, 'GET'])
      assert.equal(await api.everything(), before)
    })
  }

  it('is answered at once where a GET would be a stream, which ends', async () => {
    const api = await openApi()
    const { port } = await listening(api)
    const listeners = new Set<() => void>()
    const { onEvents } = api.world.store
    api.world.store.onEvents = (listener) => {
      listeners.add(listener)
      const unlisten = onEvents.call(api.world.store, listener)
      return () => {
        listeners.delete(listener)
        unlisten()
      }
    }
    for (const path of ['/v1/events', '/v1/events?tail=5']) {
      const headers = { accept: 'text/event-stream' }
      const signal = AbortSignal.timeout(5_000)
      const sent = request({ host: '127.0.0.1', port, path, method: 'HEAD', headers, signal })
      sent.end()
      const [answer] = await once(sent, 'response')
      assert.equal(answer.headers['content-type'], 'text/event-stream; charset=utf-8')
      answer.resume()
      await once(answer, 'end')
    }
    // The stream notices the end of its connection within a second.
    await eventually(async () => listeners.size === 0)
  })

  it('never waits for a reservation in the queue', async () => {
    const api = await openApi()
    const json = { 'content-type': 'application/json' }
    await api.ask('POST', '/v1/reservations', json, '{"count":10}')
    const waiting = await api.ask('POST', '/v1/reservations', json, '{"wait":"10m"}')
    const { id } = JSON.parse(waiting.text) as { id: string }
    const began = performance.now()
    assert.equal((await headersOf(api, 'HEAD', `/v1/reservations/${id}?wait=60`)).status, 200)
    assert.ok(performance.now() - began < 30_000)
  })
})
