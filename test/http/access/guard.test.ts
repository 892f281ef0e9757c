/** Two of the seed's GET endpoints change state, so nobody's web page may call them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listening, openApi, sendRaw } from '../../support/api.ts'

const HOST = 'this Host is not ours; use the address that the manager printed when it started'
const SITE = 'requests from pages of other sites are refused'

const refused: readonly [headers: Record<string, string>, error: string][] = [
  [{ host: 'evil.example' }, HOST],
  [{ host: 'evil.example:8080' }, HOST],
  [{ host: 'localhost.evil.example' }, HOST],
  [{ host: 'localhost:8080.evil.example' }, HOST],
  [{ host: 'evil@localhost' }, HOST],
  [{ host: '127.0.0.2' }, HOST],
  [{ host: '[::2]:8080' }, HOST],
  [{ host: ' ' }, HOST],
  [{ 'sec-fetch-site': 'cross-site' }, SITE],
  [{ 'sec-fetch-site': 'same-site' }, SITE],
  [{ 'sec-fetch-site': 'Cross-Site' }, SITE],
  [{ origin: 'https://evil.example' }, SITE],
  [{ origin: 'null' }, SITE],
  [{ host: 'localhost:8080', origin: 'http://localhost:3000' }, SITE],
  [{ host: 'localhost', origin: 'http://127.0.0.1' }, SITE],
  [{ host: 'localhost', origin: 'http://localhost.evil.example' }, SITE],
]

const welcome: readonly Record<string, string>[] = [
  { host: 'localhost' },
  { host: 'LOCALHOST:8080' },
  { host: '127.0.0.1:1' },
  { host: '[::1]:8080' },
  { host: 'lab.example' },
  { host: 'LAB.example:8080' },
  { 'sec-fetch-site': 'none' },
  { 'sec-fetch-site': 'same-origin' },
  { host: 'localhost:8080', origin: 'http://localhost:8080' },
  { host: 'localhost:8080', origin: 'https://localhost:8080', 'sec-fetch-site': 'same-origin' },
]

const told = (headers: Record<string, string>) =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ')

describe('foreign requests', () => {
  for (const [headers, error] of refused) {
    it(`403 ${told(headers)}, and nothing happens`, async () => {
      const api = await openApi()
      await api.get('/reserve?username=alice')
      const before = await api.everything()
      for (const path of ['/reserve?username=bob', '/release_all', '/reservations', '/nowhere']) {
        const { status, text } = await api.get(path, headers)
        assert.deepEqual({ status, text }, { status: 403, text: JSON.stringify({ error }) }, path)
      }
      const v1 = await api.get('/v1/containers', headers)
      const problem = { type: 'about:blank', title: error, status: 403, code: 'forbidden' }
      assert.deepEqual({ status: v1.status, text: v1.text }, { status: 403, text: JSON.stringify(problem) })
      assert.equal(await api.everything(), before)
    })
  }
})

describe('our own requests', () => {
  for (const headers of welcome) {
    it(`200 ${told(headers)}`, async () => {
      const api = await openApi()
      assert.equal((await api.get('/reserve?username=alice', headers)).status, 200)
    })
  }

  it('200 without a Host, as HTTP/1.0 allows', async () => {
    const api = await openApi()
    const { port } = await listening(api)
    assert.match(await sendRaw(port, 'GET /available HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 OK\r\n/)
  })
})
