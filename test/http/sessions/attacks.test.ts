/** What pages of other sites, and of other ports of the same machine, try with the browser of a signed-in person. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listening, openApi, sendRaw } from '../../../lab/api.ts'
import { type Browser, openBrowser } from '../../support/http/browser.ts'
import { openTokenApi } from '../../support/http/token-api.ts'

type Headers = Record<string, string>

const HOST = 'localhost:8080'
const SAME_SITE = { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }
const NAVIGATION = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

/** Requests that pages of other sites cause. */
const FOREIGN: readonly [title: string, headers: Headers][] = [
  ['a page of another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
  ['a page of another port', { ...SAME_SITE, origin: 'http://localhost:3000' }],
  ['the same in a browser without Sec-Fetch', { origin: 'http://localhost:3000' }],
  ['a page of another port without Origin', SAME_SITE],
  ['a sandboxed page', { origin: 'null' }],
  ['a sandboxed page that says so', { 'sec-fetch-site': 'cross-site', origin: 'null' }],
  ['a page over https', { origin: 'https://localhost:3000' }],
  ['a page whose host has the same prefix', { origin: 'http://localhost:8080.evil.example' }],
  ['a form of another site', { ...NAVIGATION, origin: 'https://evil.example' }],
  ['a form of a page that sends no Origin', NAVIGATION],
  ['an image', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
  ['an image of another port', { ...SAME_SITE, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
  ['a browser without Sec-Fetch, by its Referer', { referer: 'http://localhost:3000/page' }],
]

/** Requests that change something. */
const CHANGES: readonly [method: string, url: string, body?: object][] = [
  ['POST', '/v1/reservations', { count: 1 }],
  ['POST', '/v1/release-all', {}],
  ['POST', '/v1/tokens', { name: 'mallory', role: 'admin' }],
  ['PATCH', '/v1/pools/alpine', { size: 1 }],
  ['DELETE', '/v1/session'],
  ['POST', '/v1/session', { token: 'x' }],
]

async function admin() {
  const api = await openTokenApi()
  const root = await api.give('root', 'admin')
  const browser = openBrowser(api.server)
  await browser.fetch('POST', '/v1/session', { token: root.text })
  await browser.fetch('POST', '/v1/reservations', { count: 1 })
  return { api, browser, root }
}

const everything = async ({ api }: Awaited<ReturnType<typeof admin>>) =>
  JSON.stringify([await api.everything(), await api.world.store.sessions(null), await api.world.store.tokens()])

describe('a page of another origin, with the cookie of an admin', () => {
  for (const [title, headers] of FOREIGN) {
    it(`changes and reads nothing: ${title}`, async () => {
      const all = await admin()
      const before = await everything(all)
      for (const [method, url, body] of CHANGES) {
        const { status, cookies } = await all.browser.send(method, url, headers, body)
        assert.deepEqual([status, cookies], [403, []], `${method} ${url}`)
      }
      for (const url of ['/v1/me', '/v1/events', '/v1/session', '/v1/sessions', '/reservations', '/release_all']) {
        assert.equal((await all.browser.send('GET', url, headers)).status, 403, url)
      }
      assert.equal(await everything(all), before)
    })
  }
})

describe('a change with the cookie', () => {
  const own: readonly [headers: Headers, status: number][] = [
    [{ 'sec-fetch-site': 'same-origin' }, 201],
    [{ origin: `http://${HOST}` }, 201],
    [{ origin: `https://${HOST}` }, 201],
    [{ origin: `http://${HOST}`, 'sec-fetch-site': 'same-origin' }, 201],
    [{}, 403],
    [{ 'sec-fetch-site': 'none' }, 403],
    [{ referer: `http://${HOST}/ui/` }, 403],
    [{ origin: 'http://localhost:3000', 'sec-fetch-site': 'same-origin' }, 403],
  ]
  for (const [headers, status] of own) {
    it(`${status} with ${JSON.stringify(headers)}`, async () => {
      const { browser } = await admin()
      const answer = await browser.send('POST', '/v1/reservations', headers, { count: 1 })
      assert.equal(answer.status, status, answer.text)
    })
  }

  it('needs no such header with a token', async () => {
    const { browser, root } = await admin()
    assert.equal((await browser.send('POST', '/v1/reservations', root.headers, { count: 1 })).status, 201)
  })
})

describe('a GET of the simple API that changes something', () => {
  for (const url of ['/reserve?username=bob', '/release_all', '/release_all/']) {
    it(`401 ${url} with the cookie of an admin, even from the manager's own page`, async () => {
      const all = await admin()
      const before = await everything(all)
      const { status, text } = await all.browser.fetch('GET', url)
      assert.equal(status, 401, text)
      assert.match(text, /does not accept the sign-in of a browser; send .{2}Authorization: Bearer/)
      assert.equal(await everything(all), before)
      assert.equal((await all.browser.send('GET', url, all.root.headers)).status, 200)
    })
  }
})

describe('a link in a mail, or of another site', () => {
  const pages = ['/', '/ui/', '/ui/pools/alpine?x=1', '/ui', '/v1/session/oidc/callback?code=x&state=y']
  const data = [
    ...['/v1/me', '/v1/session', '/v1/session/oidc', '/available', '/reservations', '/release_all', '/docs'],
    ...['/reserve?username=x', '/uix', '/v1/session/oidc/callback/x', '//ui/', '/%75i/', '/metrics'],
  ]
  const status = async (send: Browser['send'], url: string, headers: Headers) =>
    (await send('GET', url, headers)).status

  for (const auth of ['none', 'tokens'] as const) {
    it(`opens the pages without data, and nothing else, with auth: ${auth}`, async () => {
      const { server } = auth === 'none' ? await openApi() : await openTokenApi()
      const { send } = openBrowser(server)
      for (const site of ['cross-site', 'same-site']) {
        const headers = { ...NAVIGATION, ...HTML, 'sec-fetch-site': site }
        for (const url of pages) assert.notEqual(await status(send, url, headers), 403, url)
        for (const url of data) assert.equal(await status(send, url, headers), 403, url)
        for (const method of ['POST', 'DELETE', 'PUT', 'HEAD']) {
          assert.equal((await send(method, '/ui/', headers)).status, 403, method)
        }
      }
    })
  }

  it('works in browsers without Sec-Fetch, which send a Referer', async () => {
    const { send } = openBrowser((await openTokenApi()).server)
    const headers = { referer: 'https://moodle.example/course', ...HTML }
    for (const url of pages) assert.notEqual(await status(send, url, headers), 403, url)
    for (const url of data) assert.equal(await status(send, url, headers), 403, url)
  })

  const other: readonly Headers[] = [
    ...['iframe', 'frame', 'embed', 'object', 'image', 'script', 'empty'].map((dest) => ({
      ...{ ...NAVIGATION, 'sec-fetch-dest': dest },
    })),
    ...['no-cors', 'cors', 'websocket', 'same-origin'].map((mode) => ({ ...NAVIGATION, 'sec-fetch-mode': mode })),
    { ...NAVIGATION, origin: 'https://evil.example' },
  ]
  for (const headers of other) {
    const { 'sec-fetch-dest': dest, 'sec-fetch-mode': mode, origin } = headers
    it(`does not open them as ${dest}, ${mode}, ${origin}`, async () => {
      const { send } = openBrowser((await openApi()).server)
      for (const url of pages) assert.equal(await status(send, url, headers), 403, url)
    })
  }

  it('is never shown in a frame', async () => {
    const { send } = openBrowser((await openTokenApi()).server)
    for (const url of [...pages, ...data]) {
      const { headers } = await send('GET', url, { ...NAVIGATION, ...HTML })
      assert.equal(headers['x-frame-options'], 'DENY', url)
      assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/, url)
    }
  })
})

describe('DNS rebinding', () => {
  it('with auth: none, a page of a name that resolves to the manager is refused', async () => {
    const { server } = await openApi()
    const evil = openBrowser(server, 'evil.example:8080')
    for (const url of ['/', '/ui/', '/v1/pools', '/v1/session']) assert.equal((await evil.open(url)).status, 403, url)
  })

  it('with tokens, such a page has no cookie and is refused', async () => {
    const { api } = await admin()
    const evil = openBrowser(api.server, 'evil.example:8080')
    assert.equal((await evil.fetch('GET', '/v1/me')).status, 401)
    assert.equal((await evil.fetch('POST', '/v1/reservations', { count: 1 })).status, 401)
  })
})

describe('url in berth.yml', () => {
  const url = 'https://lab.example'
  /** The proxy replaces the Host. */
  const behind = async () => {
    const api = await openTokenApi({ url })
    const { text } = await api.give('alice')
    const send = openBrowser(api.server, '127.0.0.1:8080').send
    const signIn = (headers: Headers) => send('POST', '/v1/session', headers, { token: text })
    return { api, signIn }
  }

  it('is the only allowed origin, whatever Host the proxy sends', async () => {
    const { signIn } = await behind()
    assert.equal((await signIn({ origin: url, 'sec-fetch-site': 'same-origin' })).status, 201)
    for (const origin of ['http://lab.example', 'https://lab.example:444', 'http://127.0.0.1:8080', 'null']) {
      const { status, text } = await signIn({ origin })
      assert.equal(status, 403, origin)
      assert.equal(
        JSON.parse(text).detail,
        `requests from pages of other sites are refused, got Origin "${origin}"; url in berth.yml is ${url}`,
      )
    }
  })

  it('is named in the refusal if it is missing', async () => {
    const { server } = await openTokenApi()
    const { status, text } = await openBrowser(server, '127.0.0.1:8080').send(
      'POST',
      '/v1/session',
      { origin: url, 'sec-fetch-site': 'same-origin' },
      { token: 'x' },
    )
    assert.equal(status, 403)
    assert.match(
      JSON.parse(text).detail,
      /got Origin "https:\/\/lab\.example"; if that is the address of this manager.*set url/,
    )
  })
})

it('A cookie over a real socket, beside others, in two headers', async () => {
  const { api, browser } = await admin()
  const { port } = await listening(api)
  const own = browser.cookie().replace('berth-8080', `berth-${port}`)
  const head = `GET /v1/me HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n`
  for (const lines of [`Cookie: a=b; ${own}; c="d"`, `Cookie: a=b\r\nCookie: ${own}`]) {
    assert.match(await sendRaw(port, `${head}${lines}\r\n\r\n`), /^HTTP\/1\.1 200 OK\r\n/)
  }
  assert.match(await sendRaw(port, `${head}Cookie: ${browser.cookie()}\r\n\r\n`), /^HTTP\/1\.1 401 /, 'another port')
})
