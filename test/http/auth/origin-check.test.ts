/** Two GET endpoints of the simple API change state, so web pages of other sites may not call them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listening, openApi, sendRaw } from '../../../lab/api.ts'
import { problem, withoutId } from '../../support/http/problem.ts'

const notAllowed = (host: string) =>
  `Host "${host}" is not allowed; use the address that the manager printed when it started`
const SITE = 'requests from pages of other sites are refused'
const notOurs = (origin: string) =>
  `${SITE}, got Origin "${origin}"; if that is the address of this manager behind a proxy, set url in berth.yml`

const refused: readonly [headers: Record<string, string>, error: string][] = [
  [{ host: 'evil.example' }, notAllowed('evil.example')],
  [{ host: 'evil.example:8080' }, notAllowed('evil.example:8080')],
  [{ host: 'localhost.evil.example' }, notAllowed('localhost.evil.example')],
  [{ host: 'localhost:8080.evil.example' }, notAllowed('localhost:8080.evil.example')],
  [{ host: 'evil@localhost' }, notAllowed('evil@localhost')],
  [{ host: '127.0.0.2' }, notAllowed('127.0.0.2')],
  [{ host: '[::2]:8080' }, notAllowed('[::2]:8080')],
  [{ host: ' ' }, notAllowed(' ')],
  [{ 'sec-fetch-site': 'cross-site' }, SITE],
  [{ 'sec-fetch-site': 'same-site' }, SITE],
  [{ 'sec-fetch-site': 'Cross-Site' }, SITE],
  [{ origin: 'https://evil.example' }, notOurs('https://evil.example')],
  [{ origin: 'null' }, notOurs('null')],
  [{ host: 'localhost:8080', origin: 'http://localhost:3000' }, notOurs('http://localhost:3000')],
  [{ host: 'localhost', origin: 'http://127.0.0.1' }, notOurs('http://127.0.0.1')],
  [{ host: 'localhost', origin: 'http://localhost.evil.example' }, notOurs('http://localhost.evil.example')],
  [{ host: 'localhost.' }, notAllowed('localhost.')],
  [{ referer: 'http://evil.example/' }, SITE],
  [{ host: 'localhost:8080', referer: 'http://localhost:3000/page' }, SITE],
  [{ host: 'localhost:8080', referer: 'http://localhost:8080@evil.example/' }, SITE],
  [{ referer: 'nonsense' }, SITE],
]

const welcome: readonly Record<string, string>[] = [
  { host: 'localhost' },
  { host: 'LOCALHOST:8080' },
  { host: '127.0.0.1:1' },
  { host: '[::1]:8080' },
  { host: 'lab.example' },
  { host: 'LAB.example:8080' },
  { 'sec-fetch-site': 'none', 'sec-fetch-dest': 'empty' },
  { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
  { host: 'localhost:8080', referer: 'http://localhost:8080/page' },
  { accept: '*/*' },
  { accept: 'application/json, text/plain, */*' },
  { host: 'localhost:8080', origin: 'http://localhost:8080' },
  {
    host: 'localhost:8080',
    origin: 'https://localhost:8080',
    'sec-fetch-site': 'same-origin',
    'sec-fetch-dest': 'empty',
  },
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
      assert.deepEqual([v1.status, withoutId(v1.text)], [403, problem('forbidden', error)])
      assert.equal(await api.everything(), before)
    })
  }
})

const NAVIGATION = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
const links: readonly Record<string, string>[] = [
  NAVIGATION,
  { ...NAVIGATION, 'sec-fetch-user': '?1' },
  { ...NAVIGATION, 'sec-fetch-site': 'same-origin' },
  { ...NAVIGATION, 'sec-purpose': 'prefetch' },
  ...['image', 'iframe', 'script', 'style', 'font', 'object', '', 'Empty'].map((dest) => ({
    ...{ 'sec-fetch-site': 'none', 'sec-fetch-dest': dest },
  })),
  { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' },
  { accept: 'image/avif,image/webp,*/*;q=0.8' },
]

describe('a link', () => {
  for (const headers of links) {
    it(`403 ${told(headers)} on endpoints that change state, and nothing happens`, async () => {
      const api = await openApi()
      await api.get('/reserve?username=alice')
      const before = await api.everything()
      for (const path of ['/reserve?username=bob', '/release_all', '/release_all/']) {
        const { status, text } = await api.get(path, headers)
        assert.equal(status, 403, path)
        assert.match(text, /use curl, the command berth, or POST/)
      }
      assert.equal(await api.everything(), before)
      // Endpoints that change nothing are allowed.
      for (const path of ['/available', '/reservations', '/v1/pools'])
        assert.equal((await api.get(path, headers)).status, 200)
    })
  }
})

describe('a request whose host can be read in two ways', () => {
  const rows: readonly [what: string, head: string][] = [
    ['two hosts', 'GET /available HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n'],
    ['two hosts, one of them foreign', 'GET /available HTTP/1.1\r\nHost: localhost\r\nhost: example.org\r\n'],
    ['another host in the target', 'GET http://evil.example/available HTTP/1.1\r\nHost: localhost\r\n'],
    ['the same with a port', 'GET http://localhost:81/available HTTP/1.1\r\nHost: localhost\r\n'],
    ['the same with a name before it', 'GET http://localhost@evil.example/available HTTP/1.1\r\nHost: localhost\r\n'],
    ['the same with a dot', 'GET http://localhost./available HTTP/1.1\r\nHost: localhost\r\n'],
    ['the same in HTTPS', 'GET HTTPS://EVIL.example/available HTTP/1.1\r\nHost: localhost\r\n'],
    ['the same without a Host', 'GET http://localhost/available HTTP/1.0\r\nConnection: keep-alive\r\n'],
  ]
  for (const [what, head] of rows) {
    it(`400 ${what}, and the request behind it is not handled`, async () => {
      const api = await openApi()
      const { port } = await listening(api)
      const before = await api.everything()
      const behind = 'GET /reserve?username=bob HTTP/1.1\r\nHost: localhost\r\n\r\n'
      const received = await sendRaw(port, `${head}\r\n${behind}`)
      assert.match(received, /^HTTP\/1\.1 400 /)
      assert.match(received, /connection: close/i)
      assert.equal(received.match(/HTTP\/1\.1 /g)?.length, 1, received)
      assert.equal(await api.everything(), before)
    })
  }

  it('200 an absolute target with the same host, and the request behind it', async () => {
    const api = await openApi()
    const { port } = await listening(api)
    const first = 'GET http://LOCALHOST/available HTTP/1.1\r\nHost: localhost\r\n\r\n'
    const received = await sendRaw(
      port,
      `${first}GET /reserve?username=bob HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    )
    assert.equal(received.match(/HTTP\/1\.1 200 /g)?.length, 2, received)
  })
})

describe('requests of programs and of Berth’s own pages', () => {
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
