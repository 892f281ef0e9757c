import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { openApi } from '../../../lab/api.ts'
import { prefersHtml } from '../../../src/http/pages/media-type.ts'
import { openTokenApi } from '../../support/http/token-api.ts'

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'

describe('GET /', () => {
  it('answers browsers with a page whose links work, and whose policy allows its style and nothing else', async () => {
    const { server } = await openApi()
    const { statusCode, headers, payload } = await server.inject({ url: '/', headers: { accept: BROWSER } })
    assert.equal(statusCode, 200)
    assert.equal(headers['content-type'], 'text/html; charset=utf-8')
    assert.equal(headers['vary'], 'Accept')
    const links = [...payload.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '')
    assert.deepEqual(links, ['/docs', '/openapi.json'])
    for (const url of links) assert.equal((await server.inject(url)).statusCode, 200, url)
    const [, style = ''] = /<style>([^<]*)<\/style>/.exec(payload) ?? []
    const digest = createHash('sha256').update(style).digest('base64')
    const policy = `default-src 'none';style-src 'sha256-${digest}';base-uri 'none';form-action 'none';frame-ancestors 'none'`
    assert.equal(headers['content-security-policy'], policy)
    assert.doesNotMatch(payload, /<script| style=| on\w+=/)
  })

  it('answers curl with five lines of text', async () => {
    const { server } = await openApi()
    for (const accept of ['*/*', 'application/json', '', undefined]) {
      const { statusCode, headers, payload } = await server.inject({
        url: '/',
        headers: accept === undefined ? {} : { accept },
      })
      assert.equal(statusCode, 200)
      assert.equal(headers['content-type'], 'text/plain; charset=utf-8')
      assert.equal(payload.trimEnd().split('\n').length, 5)
      assert.match(payload, /\/docs.*\n/)
    }
  })

  it('needs no token, and shows nothing of the state', async () => {
    const api = await openTokenApi()
    const alice = await api.give('alice')
    const pages = async () => {
      const answers = [BROWSER, '*/*'].map((accept) => api.server.inject({ url: '/', headers: { accept } }))
      return (await Promise.all(answers)).map(({ statusCode, payload }) => ({ statusCode, payload }))
    }
    const before = await pages()
    assert.deepEqual(
      before.map(({ statusCode }) => statusCode),
      [200, 200],
    )
    await api.ask('POST', '/v1/reservations', { ...alice.headers, 'content-type': 'application/json' }, '{}')
    await api.engine('away')
    assert.deepEqual(await pages(), before)
  })

  it('refuses other methods', async () => {
    const { server } = await openApi()
    for (const method of ['POST', 'DELETE'] as const) {
      const { statusCode, headers } = await server.inject({ method, url: '/' })
      assert.deepEqual([statusCode, headers['allow']], [405, 'GET, HEAD'], method)
    }
  })
})

describe('prefersHtml', () => {
  const cases: readonly (readonly [accept: string | undefined, expected: boolean])[] = [
    [undefined, false],
    ['*/*', false],
    ['text/*', false],
    ['text/html', true],
    [BROWSER, true],
    ['TEXT/HTML; charset=utf-8', true],
    ['text/html;q=0, */*', false],
    ['text/plain, text/html', false],
    ['text/plain;q=0.5, text/html;q=0.9', true],
    ['text/plain, text/html;q=0.9', false],
    ['text/html;q=nonsense', false],
  ]
  for (const [accept, expected] of cases) {
    it(`${accept} -> ${expected}`, () => assert.equal(prefersHtml(accept), expected))
  }
})
