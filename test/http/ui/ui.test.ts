/** The files and the page of the dashboard below `/ui/`. `test/dashboard/` tests it in a browser. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { listening, openApi, sendRaw } from '../../../lab/api.ts'
import { openTokenApi } from '../../support/http/token-api.ts'

const HTML = '<meta name="style-nonce" content="__NONCE__"><div id="root"></div>'
const SCRIPT = `console.log(${'1+'.repeat(500)}1)`
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

const folder = mkdtempSync(join(tmpdir(), 'berth-dashboard-'))
after(() => rmSync(folder, { recursive: true }))

/** Makes a folder as the build does, beside files that must not be served. */
function build(name = 'built'): string {
  const dist = join(folder, name, 'dist')
  mkdirSync(join(dist, 'assets'), { recursive: true })
  writeFileSync(join(folder, name, 'secret.txt'), 'secret')
  writeFileSync(join(dist, '.built-from'), 'secret')
  writeFileSync(join(dist, 'index.html'), HTML)
  writeFileSync(join(dist, 'color-scheme.js'), '{}')
  writeFileSync(join(dist, 'assets/app-Ab_1-c.js'), SCRIPT)
  writeFileSync(join(dist, 'assets/app-Ab_1-c.js.br'), brotliCompressSync(SCRIPT))
  writeFileSync(join(dist, 'assets/app-Ab_1-c.js.gz'), gzipSync(SCRIPT))
  return dist
}

const dist = build()
const open = (dashboard = dist) => openApi({ access: () => ({ dashboard }) })
const ASSET = '/ui/assets/app-Ab_1-c.js'

describe('the page of the dashboard', () => {
  it('is the same at every path without a file extension, also one that does not exist', async () => {
    const { server } = await open()
    for (const path of ['/ui', '/ui/', '/ui/pools/alpine', '/ui/reservations?state=active', '/ui/a.b/c', '/ui/v1/me']) {
      const { statusCode, headers, payload } = await server.inject(path)
      assert.equal(statusCode, 200, path)
      assert.equal(headers['content-type'], 'text/html; charset=utf-8', path)
      assert.equal(headers['cache-control'], 'no-store', path)
      assert.match(payload, /<div id="root">/, path)
    }
  })

  it('has a nonce of its own for each request, which its policy allows for styles only', async () => {
    const { server } = await open()
    const pages = await Promise.all(['/ui/', '/ui/'].map((path) => server.inject(path)))
    const nonces = pages.map(({ payload }) => /content="([\w+/]{22}==)"/.exec(payload)?.[1])
    assert.ok(nonces[0] && nonces[1] && nonces[0] !== nonces[1], nonces.join())
    const directives = [
      "default-src 'none'",
      "script-src 'self'",
      `style-src-elem 'self' 'nonce-${nonces[0]}'`,
      "style-src-attr 'unsafe-inline'",
      "img-src 'self' data:",
      "connect-src 'self'",
      "font-src 'none'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]
    assert.deepEqual(String(pages[0]?.headers['content-security-policy']).split(';'), directives)
    assert.equal(pages[0]?.headers['x-frame-options'], 'DENY')
    assert.equal(pages[0]?.headers['x-content-type-options'], 'nosniff')
  })
})

describe('the files of the dashboard', () => {
  it('are sent as they were compressed, and kept by browsers for a year', async () => {
    const { server } = await open()
    const decompress = { br: brotliDecompressSync, gzip: gunzipSync, identity: (bytes: Buffer) => bytes } as const
    for (const [coding, decode] of Object.entries(decompress)) {
      const { statusCode, headers, rawPayload } = await server.inject({
        url: ASSET,
        headers: { 'accept-encoding': coding },
      })
      assert.equal(statusCode, 200, coding)
      assert.equal(headers['content-encoding'] ?? 'identity', coding)
      assert.equal(decode(rawPayload).toString(), SCRIPT, coding)
      assert.match(String(headers['content-type']), /^(text|application)\/javascript; charset=utf-8$/, coding)
      assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable', coding)
      assert.match(String(headers['vary']), /accept-encoding/i, coding)
      assert.equal(headers['x-content-type-options'], 'nosniff', coding)
      assert.match(String(headers['content-security-policy']), /^default-src 'none'/, coding)
    }
  })

  it('are revalidated if their names have no hash', async () => {
    const { server } = await open()
    const { headers } = await server.inject('/ui/color-scheme.js')
    assert.equal(headers['cache-control'], 'public, max-age=0')
    const again = { url: '/ui/color-scheme.js', headers: { 'if-none-match': String(headers['etag']) } }
    assert.equal((await server.inject(again)).statusCode, 304)
  })

  it('are 404 with problem details if they are missing, never the page', async () => {
    const { server } = await open()
    for (const path of ['/ui/assets/old-123.js', '/ui/missing.css', '/ui/dir/app.js']) {
      const { statusCode, headers, payload } = await server.inject({ url: path, headers: { accept: BROWSER } })
      assert.equal(statusCode, 404, path)
      assert.equal(headers['content-type'], 'application/problem+json; charset=utf-8', path)
      assert.equal(headers['cache-control'], 'no-store', path)
      assert.equal(JSON.parse(payload).code, 'not_found', path)
    }
  })

  it('are only those of the build: no path leaves its folder or names a hidden file', async () => {
    const api = await open()
    const { port } = await listening(api)
    symlinkSync('/etc', join(dist, '.etc'))
    const outside = ['secret.txt', '.built-from', 'etc/passwd', '.etc/hostname']
    const ways = [
      '',
      '../',
      'assets/../../',
      '%2e%2e/',
      '%2e%2e%2f',
      '..%5c',
      '..%2f..%2f',
      '%252e%252e/',
      './',
      '/',
      '//',
    ]
    for (const way of ways) {
      for (const name of outside) {
        const path = `/ui/${way}${name}`
        // Raw, because clients resolve dots by themselves.
        const answer = await sendRaw(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
        assert.doesNotMatch(answer, /secret\r?\n?$|root:/, path)
        assert.match(answer, /^HTTP\/1\.1 (404|200)/, path)
        if (answer.startsWith('HTTP/1.1 200')) assert.match(answer, /<div id="root">/, path)
      }
    }
  })

  it('and the page need no token, and answer HEAD like GET', async () => {
    const api = await openTokenApi({ dashboard: dist })
    for (const url of [ASSET, '/ui/', '/ui/pools']) {
      const get = await api.server.inject(url)
      const head = await api.server.inject({ method: 'HEAD', url })
      assert.deepEqual([get.statusCode, head.statusCode, head.payload], [200, 200, ''], url)
      assert.equal(head.headers['content-length'], get.headers['content-length'], url)
      assert.equal(head.headers['content-type'], get.headers['content-type'], url)
    }
    assert.equal((await api.server.inject('/v1/pools')).statusCode, 401)
  })

  it('refuse other methods', async () => {
    const { server } = await open()
    for (const url of [ASSET, '/ui/', '/ui/pools']) {
      const { statusCode, headers } = await server.inject({ method: 'POST', url })
      assert.deepEqual([statusCode, headers['allow']], [405, 'GET, HEAD'], url)
    }
  })

  it('do not count for the rate limit: many people may share an address', async () => {
    const { server } = await openApi({ access: () => ({ dashboard: dist, rateLimit: 5 }) })
    for (let request = 0; request < 20; request += 1) assert.equal((await server.inject(ASSET)).statusCode, 200)
  })
})

describe('a manager without a built dashboard', () => {
  it('says at /ui/ what to run, to browsers and to others', async () => {
    const { server } = await open(join(folder, 'nothing'))
    const page = await server.inject({ url: '/ui/pools', headers: { accept: BROWSER } })
    assert.equal(page.statusCode, 200)
    assert.match(String(page.headers['content-security-policy']), /^default-src 'none';style-src 'sha256-/)
    assert.match(page.payload, /<code>just setup<\/code>/)
    const text = await server.inject('/ui/')
    assert.equal(text.headers['content-type'], 'text/plain; charset=utf-8')
    assert.match(text.payload, /run "just setup"/)
    assert.equal((await server.inject(ASSET)).statusCode, 404)
    assert.equal((await server.inject('/v1/pools')).statusCode, 200)
  })

  it('serves a build that is made later, without a restart', async () => {
    const { server } = await open(join(folder, 'later', 'dist'))
    assert.match((await server.inject('/ui/')).payload, /just setup/)
    build('later')
    assert.match((await server.inject('/ui/')).payload, /<div id="root">/)
    assert.equal((await server.inject(ASSET)).statusCode, 200)
  })
})

describe('GET / with a built dashboard', () => {
  it('sends browsers there, and others get the text as before', async () => {
    const { server } = await open()
    const browser = await server.inject({ url: '/', headers: { accept: BROWSER } })
    assert.deepEqual([browser.statusCode, browser.headers['location']], [303, '/ui/'])
    assert.equal(browser.headers['vary'], 'Accept')
    for (const accept of ['*/*', 'application/json', '']) {
      const { statusCode, payload } = await server.inject({ url: '/', headers: { accept } })
      assert.equal(statusCode, 200, accept)
      assert.match(payload, /^Berth lends/, accept)
    }
  })
})

it('is not in the OpenAPI document', async () => {
  const { server } = await open()
  const { paths } = (await server.inject('/openapi.json')).json<{ paths: Record<string, object> }>()
  assert.deepEqual(
    Object.keys(paths).filter((path) => path.startsWith('/ui')),
    [],
  )
})
