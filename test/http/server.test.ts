import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Api, listening, openApi, sendRaw } from '../../lab/api.ts'
import type { ErrorCode } from '../../src/domain/errors.ts'
import { problem, withoutId } from '../support/http/problem.ts'

const PATHS = ['/reserve', '/available', '/reservations', '/release_all', '/v1/pools', '/v1/containers']

/** Both forms of an error answer. */
function refusal(path: string, code: ErrorCode, message: string) {
  return path.startsWith('/v1/')
    ? { type: 'application/problem+json', body: problem(code, message) }
    : { type: 'application/json', body: { error: message } }
}

/** alice has a container, and all others are ready. */
async function inUse(): Promise<Api> {
  const api = await openApi()
  assert.equal((await api.get('/reserve?username=alice')).status, 200)
  return api
}

describe('every answer', () => {
  it('is not cached, or revalidated by its client each time, and not sniffed by browsers', async () => {
    const api = await openApi()
    for (const path of [...PATHS, '/nowhere']) {
      const { headers } = await api.get(path)
      const kept = headers['etag'] === undefined ? 'no-store' : 'private, no-cache'
      assert.equal(headers['cache-control'], kept, path)
      assert.equal(headers['x-content-type-options'], 'nosniff', path)
    }
  })
})

describe('unknown paths', () => {
  for (const path of ['/Reserve', '//reserve', '/reserve/alice', '/favicon.ico', '/v1', '/v1/', '/v1/nothing?a=1']) {
    it(`404 ${path}`, async () => {
      const api = await openApi()
      const { status, headers, text } = await api.get(path)
      const expected = refusal(path, 'not_found', 'there is nothing at this path')
      assert.equal(status, 404)
      assert.deepEqual(withoutId(text), expected.body)
      assert.equal(headers['content-type'], `${expected.type}; charset=utf-8`)
    })
  }

  for (const path of ['/reserve%zz', '/v1/%']) {
    it(`400 ${path}`, async () => {
      const api = await openApi()
      const { status, headers, text } = await api.get(path)
      const expected = refusal(path, 'invalid_request', 'the path is not percent-encoded UTF-8')
      assert.equal(status, 400)
      assert.deepEqual(withoutId(text), expected.body)
      assert.equal(headers['content-type'], `${expected.type}; charset=utf-8`)
    })
  }
})

describe('wrong methods', () => {
  for (const path of PATHS) {
    it(`405 ${path}, and nothing happens`, async () => {
      const api = await inUse()
      const before = await api.everything()
      const changing = path === '/reserve' || path === '/release_all' ? ['HEAD'] : []
      for (const method of [...changing, 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
        const url = path === '/reserve' ? '/reserve?username=bob' : path
        const { status, headers, text } = await api.ask(method, url)
        assert.equal(status, 405, method)
        const allowed = path === '/reserve' || path === '/release_all' ? 'GET' : 'GET, HEAD'
        assert.equal(headers['allow'], allowed, method)
        const message = `${method} is not allowed here; allowed: ${allowed}`
        const expected = refusal(path, 'method_not_allowed', message)
        assert.deepEqual(method === 'HEAD' ? text : withoutId(text), method === 'HEAD' ? '' : expected.body)
        assert.equal(headers['content-type'], `${expected.type}; charset=utf-8`)
      }
      assert.equal(await api.everything(), before)
    })
  }

  const bodies = [
    { type: 'application/x-www-form-urlencoded', body: 'username=bob' },
    { type: 'application/json', body: '{' },
    { type: 'text/xml', body: '<a/>' },
  ]
  for (const { type, body } of bodies) {
    it(`405 for a POST of ${type}`, async () => {
      const api = await openApi()
      for (const path of ['/reserve', '/reserve/', '/v1/pools']) {
        const { status, headers } = await api.ask('POST', path, { 'content-type': type }, body)
        assert.deepEqual(
          { status, allow: headers['allow'] },
          { status: 405, allow: path === '/v1/pools' ? 'GET, HEAD' : 'GET' },
          path,
        )
      }
    })
  }
})

describe('bytes that are not a request', () => {
  const GOOD = 'Host: localhost\r\nConnection: close\r\n\r\n'
  const rows: readonly [title: string, bytes: string, status: number, says: RegExp][] = [
    ['no HTTP at all', 'hello\r\n\r\n', 400, /cannot be read as an HTTP request/],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, /cannot be read as an HTTP request/],
    ['an unknown method', `FOO /reserve?username=bob HTTP/1.1\r\n${GOOD}`, 400, /cannot be read as an HTTP request/],
    ['a space in the URL', `GET /reserve?username=bob x HTTP/1.1\r\n${GOOD}`, 400, /cannot be read as an HTTP request/],
    ['raw Latin-1', `GET /reserve?username=b\xf6b HTTP/1.1\r\n${GOOD}`, 400, /cannot be read as an HTTP request/],
    [
      'a header without end',
      `GET /available HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`,
      431,
      /cannot be read as an HTTP request/,
    ],
    [
      'two lengths',
      `GET /available HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n${GOOD}`,
      400,
      /cannot be read/,
    ],
    ['a broken escape', `GET /reserve?username=%zz HTTP/1.1\r\n${GOOD}`, 400, /username is not percent-encoded UTF-8/],
    ['a fragment', `GET /reserve?username=bob#x HTTP/1.1\r\n${GOOD}`, 400, /username must be 1 to 32/],
  ]
  for (const [title, bytes, status, says] of rows) {
    it(title, async () => {
      const api = await openApi()
      const { port } = await listening(api)
      const before = await api.everything()
      const [head = '', body = ''] = (await sendRaw(port, bytes)).split('\r\n\r\n')
      assert.ok(head.startsWith(`HTTP/1.1 ${status} `), head)
      assert.match(head, /content-type: application\/json; charset=utf-8/i)
      assert.match(JSON.parse(body).error, says)
      assert.equal(await api.everything(), before)
    })
  }

  it('do not stop the server', async () => {
    const api = await openApi()
    const { port, address } = await listening(api)
    for (const [, bytes] of rows) await sendRaw(port, bytes)
    assert.equal((await fetch(`${address}/available`)).status, 200)
  })
})

describe('an unexpected error', () => {
  for (const path of ['/available', '/v1/pools']) {
    it(`is a 500 that reveals nothing: ${path}`, async () => {
      const error = new Error('disk on fire')
      const api = await openApi({ storeFaults: (verb) => (verb === 'snapshot' ? { when: 'before', error } : null) })
      const { status, text } = await api.get(path)
      const message = "internal error; see the manager's log"
      assert.equal(status, 500)
      assert.deepEqual(withoutId(text), refusal(path, 'internal', message).body)
      const [line] = api.world.logged.filter((entry) => entry.startsWith('a request failed'))
      assert.match(
        line ?? '',
        new RegExp(
          `"route":"${path}","request_id":"[0-9a-f-]{36}","reason":"disk on fire","stack":"Error: disk on fire`,
        ),
      )
    })
  }
})

describe('while the engine is away', () => {
  it('reserve fails at once and takes nothing', async () => {
    const api = await inUse()
    await api.engine('away')
    const before = await api.everything()
    const { status, headers, text } = await api.get('/reserve?username=bob')
    assert.equal(status, 503)
    assert.equal(headers['retry-after'], '2')
    assert.equal(text, JSON.stringify({ error: 'the container engine does not answer: no engine there' }))
    assert.equal(await api.everything(), before)
    await api.engine('back')
    assert.equal((await api.get('/reserve?username=bob')).status, 200)
  })

  it('bad input is still a 400', async () => {
    const api = await openApi()
    await api.engine('away')
    const { status, headers } = await api.get('/reserve?username=root')
    assert.deepEqual({ status, later: headers['retry-after'] }, { status: 400, later: undefined })
  })

  it('reads still work', async () => {
    const api = await inUse()
    const reads = PATHS.filter((path) => path !== '/reserve' && path !== '/release_all')
    const answers = () => Promise.all(reads.map(async (path) => (await api.get(path)).text))
    const before = await answers()
    await api.engine('away')
    assert.deepEqual(await answers(), before)
  })

  it('release_all fails unconfirmed, and access ends when the engine is back', async () => {
    const api = await inUse()
    await api.engine('away')
    const { status, headers, text } = await api.get('/release_all')
    assert.equal(status, 503)
    assert.equal(headers['retry-after'], '2')
    const error = 'the engine has not confirmed yet that all access ended: no engine there'
    assert.equal(text, JSON.stringify({ error }))
    await api.engine('back')
    await api.world.settle()
    assert.deepEqual(api.world.logins(), [])
  })
})
