/** Which requests are admitted with `auth: tokens`, and which are refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listening, openApi, sendRaw } from '../../../lab/api.ts'
import { bearer, openTokenApi } from '../../support/http/token-api.ts'
import { problem, withoutId } from '../../support/http/problem.ts'

const OPEN = [
  '/',
  '/healthz',
  '/readyz',
  '/openapi.json',
  '/docs',
  '/docs/',
  '/docs/json',
  '/docs/yaml',
  '/client/berth.py',
  '/ui',
  '/ui/pools',
]
/** For browsers that are not signed in yet. */
const SIGN_IN = ['/v1/session', '/v1/session/oidc', '/v1/session/oidc/callback']
const NEEDED =
  'authentication required: send "Authorization: Bearer <token>", or sign in with a browser at /ui/sign-in; ' +
  'an admin creates tokens with "berth token create"'

describe('without a token', () => {
  it('only the listed paths are open', async () => {
    const api = await openTokenApi()
    const routes: { method: string; url: string }[] = []
    api.server.addHook('onRoute', ({ method, url }) => {
      routes.push(...[method].flat().map((name) => ({ method: name, url: url.replaceAll(/:\w+/g, 'x') })))
    })
    await api.server.ready()
    assert.ok(routes.length > 15)
    const open: string[] = []
    for (const { method, url } of routes) {
      const { statusCode, headers } = await api.server.inject({ method: method as 'GET', url: url.replace('*', 'x') })
      if (statusCode !== 401) open.push(url)
      else assert.equal(headers['www-authenticate'], 'Bearer realm="berth"', url)
    }
    // A terminal takes a ticket.
    const others = ['/client/x', '/ui/*', '/v1/terminals/x', ...OPEN, ...SIGN_IN]
    const meant = open.filter((url) => url.startsWith('/docs') || others.includes(url))
    assert.deepEqual(open, meant)
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/docs']) assert.ok(open.includes(path), path)
  })

  for (const path of OPEN) {
    it(`200 ${path}`, async () => {
      const { server } = await openTokenApi()
      assert.equal((await server.inject(path)).statusCode, 200)
    })
  }

  it('the OpenAPI document says which paths are open', async () => {
    const { server } = await openTokenApi()
    const { security, paths, components } = JSON.parse((await server.inject('/openapi.json')).payload)
    assert.deepEqual(security, [{ bearerAuth: [] }])
    assert.equal(components.securitySchemes.bearerAuth.scheme, 'bearer')
    const open = Object.keys(paths).filter((path) => paths[path].get?.security?.length === 0)
    assert.deepEqual(open.toSorted(), ['/', '/healthz', '/openapi.json', '/readyz', ...SIGN_IN, '/v1/terminals/{id}'])
  })

  it('401 in the error format of the endpoint, and nothing happens', async () => {
    const api = await openTokenApi()
    const before = await api.everything()
    for (const path of ['/reserve?username=bob', '/release_all', '/available', '/reservations']) {
      const { status, headers, text } = await api.get(path)
      assert.deepEqual({ status, text }, { status: 401, text: JSON.stringify({ error: NEEDED }) }, path)
      assert.equal(headers['www-authenticate'], 'Bearer realm="berth"')
    }
    const { status, headers, text } = await api.ask('POST', '/v1/reservations', {}, '{')
    assert.equal(status, 401)
    assert.equal(headers['content-type'], 'application/problem+json; charset=utf-8')
    assert.deepEqual(withoutId(text), problem('unauthorized', NEEDED))
    assert.equal(await api.everything(), before)
  })

  it('an unknown path is 404', async () => {
    const api = await openTokenApi()
    assert.equal((await api.get('/nowhere')).status, 404)
    assert.equal((await api.ask('POST', '/reserve')).status, 405)
  })
})

describe('an invalid token', () => {
  const secret = 'f'.repeat(64)
  const strange = /^malformed API token: expected berth_/
  const unknown = /^unknown or deleted API token; an admin creates tokens/
  const rows: readonly [title: string, header: (text: string, id: string) => string, says: RegExp][] = [
    ['no scheme', (text) => text, /^authentication required/],
    ['another scheme', (text) => `Basic ${text}`, /^authentication required/],
    ['nothing', () => 'Bearer ', /^authentication required/],
    ['two of them', (text) => `Bearer ${text} ${text}`, strange],
    ['words', () => 'Bearer abc def', strange],
    ['another word', () => 'Bearer hello', strange],
    ['a JSON Web Token where no provider is known', () => 'Bearer eyJhbGciOiJub25lIn0.e30.', strange],
    ['one that was cut off', (text) => `Bearer ${text.slice(0, -1)}`, strange],
    ['one with more at its end', (text) => `Bearer ${text}0`, strange],
    ['one in capitals', (text) => `Bearer ${text.toUpperCase()}`, strange],
    ['another secret', (_, id) => `Bearer berth_${id}_${secret}`, unknown],
    ['its secret with another id', (text) => `Bearer berth_000000000000_${text.slice(-64)}`, unknown],
    ['its hash', (_, id) => `Bearer berth_${id}_HASH`, unknown],
  ]
  for (const [title, header, says] of rows) {
    it(`401 ${title}`, async () => {
      const api = await openTokenApi()
      const { token, text } = await api.give('alice')
      const authorization = header(text, token.id).replace('HASH', token.hash)
      const answer = await api.get('/available', { authorization })
      assert.equal(answer.status, 401)
      assert.match(JSON.parse(answer.text).error, says)
    })
  }

  it('401 from the moment at which it expires', async () => {
    const api = await openTokenApi()
    const { headers } = await api.give('alice', 'user', { expiresAt: api.world.now() + 1_000 })
    api.world.advance(999)
    assert.equal((await api.get('/available', headers)).status, 200)
    api.world.advance(1)
    const { status, text } = await api.get('/available', headers)
    assert.equal(status, 401)
    assert.match(JSON.parse(text).error, /^this API token expired at 2027-01-15T08:00:01.000Z; an admin creates tokens/)
  })

  it('records its use at most once a minute, and is valid if that fails', async () => {
    const api = await openTokenApi()
    const [admin, alice] = [await api.give('root', 'admin'), await api.give('alice')]
    const uses: number[] = []
    const { useToken } = api.world.store
    api.world.store.useToken = (id, now) => {
      uses.push(now)
      return useToken(id, now)
    }
    for (let second = 0; second < 150; second += 10) {
      assert.equal((await api.get('/v1/me', alice.headers)).status, 200)
      api.world.advance(10_000)
    }
    assert.equal(uses.length, 3)
    const lastUse = uses.at(-1) ?? 0
    const { tokens } = JSON.parse((await api.get('/v1/tokens', admin.headers)).text)
    const listed = tokens.find(({ id }: { id: string }) => id === alice.token.id)
    assert.equal(listed.last_used_at, new Date(lastUse).toISOString())
    api.world.store.useToken = () => Promise.reject(new Error('disk full'))
    api.world.advance(60_000)
    assert.equal((await api.get('/v1/me', alice.headers)).status, 200)
    assert.ok(api.world.logged.some((line) => line.startsWith('the use of a token could not be recorded')))
  })

  it('401 as soon as it is deleted', async () => {
    const api = await openTokenApi()
    const [admin, alice] = [await api.give('root', 'admin'), await api.give('alice')]
    assert.equal((await api.get('/available', alice.headers)).status, 200)
    assert.equal((await api.ask('DELETE', `/v1/tokens/${alice.token.id}`, admin.headers)).status, 200)
    assert.equal((await api.get('/available', alice.headers)).status, 401)
  })

  it('500, not 401, when the database does not answer', async () => {
    const api = await openTokenApi()
    const { headers } = await api.give('alice')
    api.world.store.token = () => Promise.reject(new Error('disk on fire'))
    const { status, text } = await api.get('/v1/me', headers)
    assert.deepEqual({ status, code: JSON.parse(text).code }, { status: 500, code: 'internal' })
  })
})

describe('a valid token', () => {
  it('is accepted everywhere, over a real socket, in any spelling of Bearer', async () => {
    const api = await openTokenApi()
    const { text } = await api.give('alice')
    const { port } = await listening(api)
    for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
      const head = `GET /reserve?username=alice HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n`
      const answer = await sendRaw(port, `${head}Authorization: ${scheme} ${text}\r\n\r\n`)
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
    }
    const again = await sendRaw(port, 'GET /reserve?username=alice HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n')
    assert.match(again, /^HTTP\/1\.1 401 Unauthorized\r\n/)
  })

  it('is not accepted in a URL', async () => {
    const api = await openTokenApi()
    const { text } = await api.give('alice')
    for (const name of ['token', 'access_token']) {
      assert.equal((await api.get(`/v1/me?${name}=${text}`)).status, 401)
    }
  })
})

describe('a user', () => {
  it('sees and changes only their own reservations; others are 404', async () => {
    const api = await openTokenApi()
    const [alice, bob] = [await api.give('alice'), await api.give('bob')]
    const made = await api.ask(
      'POST',
      '/v1/reservations',
      { ...alice.headers, 'content-type': 'application/json' },
      '{}',
    )
    assert.equal(made.status, 201)
    const { id } = JSON.parse(made.text)
    const path = `/v1/reservations/${id}`
    const json = { ...bob.headers, 'content-type': 'application/json' }
    const before = await api.everything()
    const asBob = [
      await api.get(path, bob.headers),
      await api.ask('PATCH', path, json, '{"extend":"30m"}'),
      await api.ask('POST', `${path}/keepalive`, bob.headers),
      await api.ask('DELETE', path, bob.headers),
    ]
    const nothing = await api.get('/v1/reservations/none', bob.headers)
    assert.equal(nothing.status, 404)
    for (const { status, text } of asBob) assert.deepEqual([status, withoutId(text)], [404, withoutId(nothing.text)])
    assert.deepEqual(JSON.parse((await api.get('/v1/reservations', bob.headers)).text).reservations, [])
    assert.deepEqual(JSON.parse((await api.get('/reservations', bob.headers)).text).reservations, [])
    assert.equal(await api.everything(), before)
    assert.equal((await api.get(path, alice.headers)).status, 200)
    assert.equal(JSON.parse((await api.get('/reservations', alice.headers)).text).reservations.length, 1)
  })

  it('keeps their reservations with a new token of the same name', async () => {
    const api = await openTokenApi()
    const old = await api.give('alice')
    await api.get('/reserve?username=alice', old.headers)
    await api.world.store.removeToken(old.token.id, 'test', api.world.now())
    const { headers } = await api.give('alice')
    assert.equal(JSON.parse((await api.get('/reservations', headers)).text).reservations.length, 1)
  })

  it('sees which containers are free and which are reserved', async () => {
    const api = await openTokenApi()
    await api.get('/reserve?username=alice', (await api.give('alice')).headers)
    const { text } = await api.get('/available', (await api.give('bob')).headers)
    assert.deepEqual(JSON.parse(text).reserved, ['alpine-1'])
    assert.ok(!text.includes('alice'))
  })

  for (const [method, path] of [
    ['GET', '/release_all'],
    ['GET', '/metrics'],
    ['POST', '/v1/release-all'],
    ['GET', '/v1/tokens'],
    ['POST', '/v1/tokens'],
    ['DELETE', '/v1/tokens/000000000000'],
  ] as const) {
    it(`403 ${method} ${path}, and nothing happens`, async () => {
      const api = await openTokenApi()
      await api.get('/reserve?username=alice', (await api.give('alice')).headers)
      const before = await api.everything()
      const { headers } = await api.give('bob')
      const { status, text } = await api.ask(method, path, headers)
      const { error, detail } = JSON.parse(text)
      assert.equal(status, 403)
      assert.equal(error ?? detail, 'only an admin may do this; ask one, or use an admin token')
      assert.equal(await api.everything(), before)
    })
  }
})

describe('an admin', () => {
  it('sees and changes everything', async () => {
    const api = await openTokenApi()
    const [alice, admin] = [await api.give('alice'), await api.give('root', 'admin')]
    await api.get('/reserve?username=alice', alice.headers)
    assert.equal(JSON.parse((await api.get('/reservations', admin.headers)).text).reservations.length, 1)
    assert.equal((await api.server.inject({ url: '/metrics', headers: admin.headers })).statusCode, 200)
    assert.equal((await api.get('/release_all', admin.headers)).status, 200)
    assert.deepEqual(api.world.logins(), [])
  })
})

describe('pages of other sites', () => {
  it('are refused whatever the Host', async () => {
    const api = await openTokenApi()
    const { headers } = await api.give('alice')
    for (const host of ['berth.example', '192.0.2.1:8080', 'evil.example']) {
      assert.equal((await api.get('/available', { ...headers, host })).status, 200, host)
      assert.equal((await api.get('/available', { host })).status, 401, host)
    }
    const foreign = [{ 'sec-fetch-site': 'cross-site' }, { host: 'berth.example', origin: 'https://evil.example' }]
    for (const more of foreign) assert.equal((await api.get('/available', { ...headers, ...more })).status, 403)
  })
})

describe('auth: none', () => {
  it('admits every caller, whatever the header', async () => {
    const api = await openApi()
    for (const headers of [{}, bearer('berth_x'), { authorization: 'Basic x' }]) {
      assert.equal((await api.get('/available', headers)).status, 200)
    }
    const me = JSON.parse((await api.get('/v1/me')).text)
    assert.deepEqual(me, {
      ...{ name: 'anyone', role: 'admin', auth: 'none', expires_at: null, containers_held: 0 },
      limits: { containers: null, duration_seconds: null, pools: null },
    })
  })
})
