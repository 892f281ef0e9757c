/** Security headers of every answer. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openApi } from '../../../lab/api.ts'
import { openTokenApi } from '../../support/http/token-api.ts'

const NOTHING = "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'"

describe('security headers', () => {
  const rows: readonly [url: string, headers: Record<string, string>, status: number][] = [
    ['/available', {}, 200],
    ['/healthz', {}, 200],
    ['/openapi.json', {}, 200],
    ['/reserve?count=0', {}, 400],
    ['/nowhere', {}, 404],
    ['/v1/nothing', {}, 404],
    ['/available', { host: 'evil.example' }, 403],
    ['/available', { 'sec-fetch-site': 'cross-site' }, 403],
  ]
  for (const [url, headers, status] of rows) {
    it(`are on ${status} ${url} ${JSON.stringify(headers)}`, async () => {
      const { server } = await openApi()
      assertHeaders(await server.inject({ url, headers }), status)
    })
  }

  it('are on 401, 403, 405 and 429', async () => {
    const api = await openTokenApi({ rateLimit: 3 })
    const { headers } = await api.give('alice')
    assertHeaders(await api.server.inject('/v1/me'), 401)
    assertHeaders(await api.server.inject({ url: '/metrics', headers }), 403)
    assertHeaders(await api.server.inject({ url: '/v1/me', method: 'POST', headers }), 405)
    for (let sent = 0; sent < 3; sent += 1) await api.get('/v1/me', headers)
    assertHeaders(await api.server.inject({ url: '/v1/me', headers }), 429)
  })

  it('let the page of /docs load its own parts, and nothing else', async () => {
    const { server } = await openApi()
    for (const path of ['/docs', '/docs/static/swagger-ui-bundle.js', '/docs/static/swagger-initializer.js']) {
      const { headers, statusCode } = await server.inject(path)
      assert.equal(statusCode, 200)
      assert.match(String(headers['content-security-policy']), /^default-src 'self'; img-src 'self' data:; style-src/)
      assert.equal(headers['x-content-type-options'], 'nosniff')
    }
  })

  function assertHeaders(answer: { statusCode: number; headers: Record<string, unknown> }, status: number): void {
    const { statusCode, headers } = answer
    assert.equal(statusCode, status)
    assert.equal(headers['content-security-policy'], NOTHING)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
    assert.equal(headers['cache-control'], headers['etag'] === undefined ? 'no-store' : 'private, no-cache')
    // HSTS is left to the proxy that adds TLS.
    assert.equal(headers['strict-transport-security'], undefined)
    assert.equal(headers['x-powered-by'], undefined)
  }
})
