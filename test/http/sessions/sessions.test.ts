/** Sessions of browsers: sign-in, use, end, and the attributes of the cookie. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createHash } from 'node:crypto'
import { listening, openApi } from '../../../lab/api.ts'
import { MAX_SESSIONS } from '../../../src/usecases/sessions/sessions.ts'
import { openBrowser } from '../../support/http/browser.ts'
import { openTokenApi } from '../../support/http/token-api.ts'
import { listen } from '../../support/engine/listener.ts'
import { problem, withoutId } from '../../support/http/problem.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOBODY = { identity: null, auth: null, ways: ['token'], provider: null, session: null }

/** Alice has signed in with her token. */
async function signedIn(options: Parameters<typeof openTokenApi>[0] & { role?: 'admin'; expiresIn?: number } = {}) {
  const { role, expiresIn, ...rest } = options
  const api = await openTokenApi(rest)
  const expiresAt = expiresIn === undefined ? {} : { expiresAt: api.world.now() + expiresIn }
  const alice = await api.give('alice', role, expiresAt)
  const browser = openBrowser(api.server)
  const answer = await browser.fetch('POST', '/v1/session', { token: alice.text })
  assert.equal(answer.status, 201, answer.text)
  return { api, alice, browser, answer, status: async () => (await browser.fetch('GET', '/v1/me')).status }
}

describe('with auth: none', () => {
  it('there is no sign-in, and the answers show it', async () => {
    const api = await openApi()
    const browser = openBrowser(api.server)
    const state = JSON.parse((await browser.fetch('GET', '/v1/session')).text)
    const identity = { name: 'anyone', role: 'admin' }
    assert.deepEqual(state, { identity, auth: 'none', ways: [], provider: null, session: null })
    const refused = await browser.fetch('POST', '/v1/session', { token: 'x' })
    assert.deepEqual([refused.status, JSON.parse(refused.text).code], [409, 'conflict'])
    assert.deepEqual(JSON.parse((await browser.fetch('GET', '/v1/sessions')).text), { sessions: [] })
    assert.equal((await browser.fetch('DELETE', '/v1/session')).status, 204)
    assert.equal((await browser.open('/v1/session/oidc')).status, 404)
  })
})

describe('a sign-in with a token', () => {
  it('sets a cookie that pages cannot read, and returns neither the cookie nor the token', async () => {
    const { api, alice, answer, browser } = await signedIn()
    assert.match(
      answer.cookies.join('\n'),
      /^berth-8080=[0-9a-f]{12}_[0-9a-f]{64}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/,
    )
    const session = {
      id: browser.jar.get('berth-8080')?.slice(0, 12),
      created_at: '2027-01-15T08:00:00.000Z',
      idle_until: '2027-01-15T20:00:00.000Z',
      ends_at: '2027-01-22T08:00:00.000Z',
    }
    const identity = { name: 'alice', role: 'user' }
    assert.deepEqual(JSON.parse(answer.text), { ...NOBODY, identity, auth: 'session', session })
    const [, secret = ''] = browser.jar.get('berth-8080')?.split('_') ?? []
    const rows = JSON.stringify(await api.world.store.sessions(null))
    for (const text of [secret, alice.text.slice(-64)]) {
      assert.ok(![answer.text, rows, api.world.logged.join()].some((where) => where.includes(text)))
    }
    assert.ok(rows.includes(createHash('sha256').update(secret).digest('hex')))
    assert.equal(answer.headers['cache-control'], 'no-store')
  })

  it('is logged with name and address, like a refused one and a sign-out', async () => {
    const { api, browser } = await signedIn()
    await browser.fetch('POST', '/v1/session', { token: `berth_${'0'.repeat(12)}_${'1'.repeat(64)}` })
    await browser.fetch('DELETE', '/v1/session')
    const lines = api.world.logged.filter((line) => /signed|refused/.test(line)).map((line) => line.split(' {')[0])
    assert.deepEqual(lines, [
      'alice signed in with an API token, from 127.0.0.1',
      'a token was refused, sent from 127.0.0.1',
      'alice signed out, from 127.0.0.1',
    ])
    assert.ok(!api.world.logged.join().includes('1'.repeat(64)))
  })

  const refusals: readonly [body: object, status: number, says: RegExp][] = [
    [{ token: 'hello' }, 401, /^malformed API token/],
    [{ token: 'a.b.c' }, 401, /^malformed API token/],
    [{ token: `berth_${'0'.repeat(12)}_${'1'.repeat(64)}` }, 401, /^unknown or deleted API token/],
    [{ token: '' }, 422, /token must not be empty/],
    [{ token: 123_456_789 }, 422, /token must be (?!.*123)/],
    [{}, 422, /token/],
    [{ token: 'x', name: 'y' }, 422, /name/],
  ]
  for (const [body, status, says] of refusals) {
    it(`${status} ${JSON.stringify(body).slice(0, 40)}, without a cookie`, async () => {
      const { server } = await openTokenApi()
      const answer = await openBrowser(server).fetch('POST', '/v1/session', body)
      assert.deepEqual([answer.status, answer.cookies], [status, []], answer.text)
      assert.match(JSON.parse(answer.text).detail, says)
    })
  }

  it('ignores blanks around a pasted token', async () => {
    const api = await openTokenApi()
    const { text } = await api.give('alice')
    assert.equal((await openBrowser(api.server).fetch('POST', '/v1/session', { token: ` ${text}\n` })).status, 201)
  })

  it('has a new secret, and ends the previous session of the browser (session fixation)', async () => {
    const { api, alice, browser } = await signedIn()
    const before = browser.cookie()
    await browser.fetch('POST', '/v1/session', { token: alice.text })
    assert.notEqual(browser.cookie(), before)
    assert.equal(
      (await api.server.inject({ url: '/v1/me', headers: { cookie: before, host: 'localhost:8080' } })).statusCode,
      401,
    )
    assert.equal((await browser.fetch('GET', '/v1/me')).status, 200)
    const planted = openBrowser(api.server)
    const value = `${'a'.repeat(12)}_${'b'.repeat(64)}`
    planted.jar.set('berth-8080', value)
    await planted.fetch('POST', '/v1/session', { token: alice.text })
    assert.notEqual(planted.jar.get('berth-8080'), value)
  })

  it('counts against the rate limit of the address, like a wrong token', async () => {
    const api = await openTokenApi({ rateLimit: 3 })
    const browser = openBrowser(api.server)
    const tried = async () => (await browser.fetch('POST', '/v1/session', { token: 'x' })).status
    assert.deepEqual([await tried(), await tried(), await tried(), await tried()], [401, 401, 401, 429])
  })
})

describe('a session', () => {
  it('has the name, role and limits of its token', async () => {
    const { browser, api } = await signedIn()
    const { expires_at: end, ...me } = JSON.parse((await browser.fetch('GET', '/v1/me')).text)
    const limits = { containers: null, duration_seconds: null, pools: null }
    assert.deepEqual(me, { name: 'alice', role: 'user', auth: 'token', limits, containers_held: 0 })
    assert.equal(end, '2027-01-22T08:00:00.000Z')
    assert.equal((await browser.fetch('POST', '/v1/reservations', { count: 1 })).status, 201)
    assert.equal((await browser.fetch('GET', '/v1/tokens')).status, 403)
    assert.match(api.world.logged.join('\n'), /POST \/v1\/reservations.*"identity":"alice"/)
  })

  it('is ignored beside an Authorization header, valid or not', async () => {
    const { api, browser } = await signedIn()
    const { headers } = await api.give('bob')
    const asked = async (some: Record<string, string>) => browser.send('GET', '/v1/me', some)
    assert.equal(JSON.parse((await asked(headers)).text).name, 'bob')
    assert.equal((await asked({ authorization: 'Bearer nonsense' })).status, 401)
    const state = JSON.parse((await browser.send('GET', '/v1/session', headers)).text)
    assert.deepEqual([state.identity.name, state.auth, state.session], ['bob', 'token', null])
  })

  it('ends when its token has more than the maximum and it is the least recently used one', async () => {
    const { api, alice, browser: unused, status } = await signedIn()
    const used = openBrowser(api.server)
    await used.fetch('POST', '/v1/session', { token: alice.text })
    for (let nth = 0; nth < MAX_SESSIONS - 2; nth += 1) {
      api.world.advance(1_000)
      await openBrowser(api.server).fetch('POST', '/v1/session', { token: alice.text })
    }
    assert.equal((await api.world.store.sessions('alice')).length, MAX_SESSIONS)
    api.world.advance(MINUTE)
    assert.equal((await used.fetch('GET', '/v1/me')).status, 200)
    await openBrowser(api.server).fetch('POST', '/v1/session', { token: alice.text })
    assert.deepEqual([await status(), (await used.fetch('GET', '/v1/me')).status], [401, 200])
    assert.match((await unused.fetch('GET', '/v1/me')).text, /this session has ended; sign in again/)
    assert.equal((await api.world.store.sessions('alice')).length, MAX_SESSIONS)
  })

  it('ends after twelve hours without use, and not before', async () => {
    const { api, status } = await signedIn()
    api.world.advance(12 * HOUR - 1)
    assert.equal(await status(), 200)
    api.world.advance(12 * HOUR - 1)
    assert.equal(await status(), 200)
    api.world.advance(12 * HOUR)
    assert.equal(await status(), 401)
  })

  it('ends after seven days, however much it is used', async () => {
    const { api, status } = await signedIn()
    for (let hours = 11; hours < 7 * 24; hours += 11) {
      api.world.advance(11 * HOUR)
      assert.equal(await status(), 200, `${hours}`)
    }
    api.world.advance(3 * HOUR - 1)
    assert.equal(await status(), 200)
    api.world.advance(1)
    assert.equal(await status(), 401)
  })

  it('records its use at most once a minute', async () => {
    const { api, browser } = await signedIn()
    const uses: number[] = []
    const { useSession } = api.world.store
    api.world.store.useSession = (id, now) => {
      uses.push(now)
      return useSession(id, now)
    }
    for (let second = 0; second < 180; second += 10) {
      await browser.fetch('GET', '/v1/me')
      api.world.advance(10_000)
    }
    assert.equal(uses.length, 2)
  })

  it('stays valid if its use cannot be recorded', async () => {
    const { api, status } = await signedIn()
    api.world.store.useSession = () => Promise.reject(new Error('disk full'))
    api.world.advance(2 * MINUTE)
    assert.equal(await status(), 200)
    assert.ok(api.world.logged.some((line) => line.startsWith('the use of a session could not be recorded')))
  })

  it('ends with its token: at its expiry, and as soon as it is deleted', async () => {
    const short = await signedIn({ expiresIn: HOUR })
    assert.match(short.answer.cookies.join(), /Max-Age=3600;/)
    short.api.world.advance(HOUR - 1)
    assert.equal(await short.status(), 200)
    short.api.world.advance(1)
    assert.equal(await short.status(), 401)
    const { api, alice, browser } = await signedIn()
    const root = await api.give('root', 'admin')
    await api.ask('DELETE', `/v1/tokens/${alice.token.id}`, root.headers)
    const { status, text } = await browser.fetch('GET', '/v1/me')
    assert.deepEqual(
      [status, withoutId(text)],
      [401, problem('unauthorized', 'this session has ended; sign in again at /ui/sign-in')],
    )
  })

  it('ends the streams of its page when the token is deleted, or the session', { timeout: 60_000 }, async () => {
    const { api, alice, browser } = await signedIn({ streaming: { heartbeatMs: 50, idleTimeoutMs: 5_000 } })
    const other = openBrowser(api.server)
    await other.fetch('POST', '/v1/session', { token: alice.text })
    const { address, port } = await listening(api)
    const rename = (cookie: string) => cookie.replace('berth-8080', `berth-${port}`)
    const streams = await Promise.all(
      [browser, other].map((each) => listen(address, '', { cookie: rename(each.cookie()) })),
    )
    const [first, second] = streams
    await first?.heard(2, 'comments')
    await browser.fetch('DELETE', '/v1/session')
    assert.equal(await first?.over, 'end')
    await second?.heard(2, 'comments')
    await api.world.store.removeToken(alice.token.id, 'root', api.world.now())
    assert.equal(await second?.over, 'end')
  })

  it('becomes idle despite an open stream', { timeout: 60_000 }, async () => {
    const { api, browser, status } = await signedIn({ streaming: { heartbeatMs: 20, idleTimeoutMs: 5_000 } })
    const { address, port } = await listening(api)
    const stream = await listen(address, '', { cookie: browser.cookie().replace('8080', String(port)) })
    for (let hours = 0; hours < 12; hours += 1) {
      await stream.heard(stream.comments.length + 2, 'comments')
      api.world.advance(HOUR)
    }
    assert.equal(await stream.over, 'end')
    assert.equal(await status(), 401)
  })

  it('is known to every manager of the database', async () => {
    const { api, browser, alice } = await signedIn()
    await api.world.restart()
    assert.equal((await browser.fetch('GET', '/v1/me')).status, 200)
    await api.world.store.removeToken(alice.token.id, 'root', api.world.now())
    assert.equal((await browser.fetch('GET', '/v1/me')).status, 401)
  })

  it('500, not 401, when the database does not answer', async () => {
    const { api, status } = await signedIn()
    api.world.store.session = () => Promise.reject(new Error('disk on fire'))
    assert.equal(await status(), 500)
  })
})

describe('a sign-out', () => {
  it('ends the session at once, for every copy of the cookie, and expires the cookie', async () => {
    const { api, browser } = await signedIn()
    const copy = { cookie: browser.cookie(), host: 'localhost:8080' }
    const { status, cookies } = await browser.fetch('DELETE', '/v1/session')
    assert.equal(status, 204)
    assert.match(cookies.join(), /^berth-8080=; Max-Age=0; Path=\/; HttpOnly; SameSite=Strict$/)
    assert.equal((await api.server.inject({ url: '/v1/me', headers: copy })).statusCode, 401)
    assert.deepEqual(JSON.parse((await browser.fetch('GET', '/v1/session')).text), NOBODY)
    assert.equal((await browser.fetch('DELETE', '/v1/session')).status, 204, 'again')
  })
})

describe('the list of sessions', () => {
  it('has those that have not ended, and marks the current one', async () => {
    const { api, alice, browser } = await signedIn()
    api.world.advance(HOUR)
    const phone = openBrowser(api.server)
    await phone.send(
      'POST',
      '/v1/session',
      { 'user-agent': `Phone\u001b[31m${'x'.repeat(400)}` },
      { token: alice.text },
    )
    const list = async () => JSON.parse((await browser.fetch('GET', '/v1/sessions')).text).sessions
    const [theirs, own] = await list()
    assert.match(theirs.user_agent, /^Phone\?\[31mx+$/)
    assert.deepEqual([theirs.user_agent.length, theirs.current, own.current], [300, false, true])
    const { id, ...shown } = own
    assert.equal(id, browser.jar.get('berth-8080')?.slice(0, 12))
    assert.deepEqual(shown, {
      ...{ identity: 'alice', role: 'user', way: 'token', token: alice.token.id },
      ...{ created_at: '2027-01-15T08:00:00.000Z', last_used_at: '2027-01-15T09:00:00.000Z' },
      ...{ ends_at: '2027-01-22T08:00:00.000Z', address: '127.0.0.1', user_agent: 'lightMyRequest', current: true },
    })
    assert.equal((await browser.fetch('DELETE', `/v1/sessions/${theirs.id}`)).status, 204)
    assert.equal((await phone.fetch('GET', '/v1/me')).status, 401)
    assert.deepEqual(
      (await list()).map((each: { id: string }) => each.id),
      [id],
    )
    api.world.advance(12 * HOUR)
    const asToken = await api.get('/v1/sessions', alice.headers)
    assert.deepEqual(JSON.parse(asToken.text), { sessions: [] })
  })
})

describe('the cookie', () => {
  const rows: readonly [title: string, host: string, scheme: string, url: string | undefined, expected: RegExp][] = [
    ['plain HTTP', 'lab:8080', 'http', undefined, /^berth-8080=(?!.*Secure)/],
    ['another port', 'lab:9000', 'http', undefined, /^berth-9000=(?!.*Secure)/],
    ['port 80', 'lab', 'http', undefined, /^berth-80=(?!.*Secure)/],
    ['IPv6', '[::1]:8080', 'http', undefined, /^berth-8080=(?!.*Secure)/],
    ['url with https', 'lab.example', 'https', 'https://lab.example', /^__Host-berth=.*Path=\/;.*Secure/],
    ['url with http', 'lab:81', 'http', 'http://lab:81', /^berth-81=(?!.*Secure)/],
    ['a proxy that is not known', 'lab.example', 'https', undefined, /^berth-80=.*Secure/],
  ]
  for (const [title, host, scheme, url, expected] of rows) {
    it(`${title}: ${expected.source}`, async () => {
      const api = await openTokenApi(url === undefined ? {} : { url })
      const browser = openBrowser(api.server, host, scheme)
      const { cookies } = await browser.fetch('POST', '/v1/session', { token: (await api.give('alice')).text })
      assert.match(cookies.join(), expected)
      assert.doesNotMatch(cookies.join(), /Domain/)
      assert.equal((await browser.fetch('GET', '/v1/me')).status, 200)
    })
  }

  it('is __Host-berth behind a trusted proxy that says https', async () => {
    const api = await openTokenApi({ trustProxy: ['loopback'] })
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.7', origin: 'https://localhost:8080' }
    const browser = openBrowser(api.server)
    const { cookies } = await browser.send('POST', '/v1/session', headers, { token: (await api.give('alice')).text })
    assert.match(cookies.join(), /^__Host-berth=.*Secure/)
    const [session] = await api.world.store.sessions(null)
    assert.equal(session?.address, '192.0.2.7')
  })

  it('with another name is ignored over HTTPS: any host of the domain could have set it', async () => {
    const api = await openTokenApi({ url: 'https://lab.example' })
    const browser = openBrowser(api.server, 'lab.example', 'https')
    await browser.fetch('POST', '/v1/session', { token: (await api.give('alice')).text })
    const value = browser.jar.get('__Host-berth') ?? ''
    browser.jar.clear()
    browser.jar.set('berth-80', value)
    assert.equal((await browser.fetch('GET', '/v1/me')).status, 401)
  })

  for (const value of ['', 'x', '%00', `${'a'.repeat(12)}_${'b'.repeat(64)}`, 'x'.repeat(5_000), '__proto__']) {
    it(`401 with the value ${value.slice(0, 20)}`, async () => {
      const api = await openTokenApi()
      const headers = { host: 'localhost:8080', cookie: `berth-8080=${value}` }
      assert.equal((await api.get('/v1/me', headers)).status, 401)
    })
  }
})
