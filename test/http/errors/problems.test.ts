/** Problem details (RFC 9457), the page to which they lead, and the id of each request. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PROBLEMS, problemType } from '../../../src/http/errors/catalogue.ts'
import type { ErrorCode } from '../../../src/domain/errors.ts'
import { listening, openApi, sendRaw } from '../../../lab/api.ts'
import { openTokenApi } from '../../support/http/token-api.ts'

const CODES = Object.keys(PROBLEMS) as ErrorCode[]

describe('the type of a problem', () => {
  it('leads to an entry of a page that the manager serves, without a token, for every code', async () => {
    const api = await openTokenApi()
    const { address } = await listening(api)
    for (const code of CODES) {
      const url = new URL(problemType(code), `${address}/v1/reservations/r1`)
      const answer = await fetch(url, { headers: { accept: 'text/html' } })
      assert.equal(answer.status, 200)
      assert.match(String(answer.headers.get('content-type')), /^text\/html/)
      const page = await answer.text()
      assert.ok(page.includes(`<h2 id="${url.hash.slice(1)}">${PROBLEMS[code].title}</h2>`), code)
      assert.doesNotMatch(page, /(src|href)="https?:/)
    }
  })

  it('leads to plain text for curl', async () => {
    const { server } = await openApi()
    const { headers, payload } = await server.inject({ url: '/docs/errors', headers: { accept: '*/*' } })
    assert.equal(headers['content-type'], 'text/plain; charset=utf-8')
    for (const code of CODES) assert.match(payload, new RegExp(`^${code} \\(${PROBLEMS[code].status}\\)$`, 'm'))
  })
})

describe('X-Request-Id', () => {
  const sent = (api: Awaited<ReturnType<typeof openApi>>, id: string) =>
    api.ask('GET', '/v1/reservations/nothing', { 'x-request-id': id })

  it('is returned, and is in the problem and in the log', async () => {
    const api = await openApi()
    const { headers, text } = await sent(api, 'build-17/step:3')
    assert.equal(headers['x-request-id'], 'build-17/step:3')
    assert.equal(JSON.parse(text).request_id, 'build-17/step:3')
    assert.ok(api.world.logged.some((line) => line.includes('"request_id":"build-17/step:3"')))
  })

  it('is replaced unless it is 1 to 64 visible ASCII characters', async () => {
    const api = await openApi()
    for (const id of ['', 'a b', 'x'.repeat(65), 'é', 'a\tb', '\x1b[31m']) {
      const { headers, text } = await sent(api, id)
      assert.match(String(headers['x-request-id']), /^[0-9a-f-]{36}$/, JSON.stringify(id))
      assert.equal(JSON.parse(text).request_id, headers['x-request-id'])
    }
  })

  it('is new for each request without one, on every answer', async () => {
    const api = await openApi()
    const paths = ['/', '/available', '/healthz', '/v1/pools', '/nowhere', '/reserve%zz', '/reserve', '/docs/json']
    const answers = await Promise.all(paths.map((url) => api.server.inject(url)))
    const ids = answers.map(({ headers }) => String(headers['x-request-id']))
    for (const id of ids) assert.match(id, /^[0-9a-f-]{36}$/)
    assert.equal(new Set(ids).size, paths.length)
    const foreign = await api.server.inject({ url: '/available', headers: { host: 'evil.example' } })
    assert.deepEqual([foreign.statusCode, foreign.headers['x-request-id'] === undefined], [403, false])
  })

  it('is on the answer to bytes that are no request', async () => {
    const { port } = await listening(await openApi())
    assert.match(await sendRaw(port, 'hello\r\n\r\n'), /^x-request-id: [0-9a-f-]{36}\r$/m)
  })
})

describe('a head that is too large', () => {
  it('is answered with the maximum', async () => {
    const { port } = await listening(await openApi())
    const answer = await sendRaw(port, `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)
    assert.match(answer, /^HTTP\/1.1 431 [\s\S]*its URL and headers are larger than 16 KiB, the maximum; send less/)
  })
})
