/** Sign-ins at a real identity provider, whose tokens the browser never gets. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type SignOn, UNLIMITED } from '../../../../src/domain/identity.ts'
import { openOidcSignIn } from '../../../../src/http/sessions/oidc/sign-in.ts'
import { openBrowser } from '../../../support/http/browser.ts'
import { CLIENT, openSignInProvider, type SignInProvider } from '../../../support/http/sign-in-provider.ts'
import { openTokenApi, type TokenApi } from '../../../support/http/token-api.ts'

const URL_OF_MANAGER = 'http://localhost:8080'
const CALLBACK = `${URL_OF_MANAGER}/v1/session/oidc/callback`
const FEW = { containers: 1, durationMs: 3_600_000, pools: ['alpine'] }
const SECRET = Buffer.alloc(32, 7)

const provider = await openSignInProvider({ redirectUri: CALLBACK })

interface Trust {
  readonly some?: Partial<SignOn>
  readonly of?: SignInProvider
  readonly clientSecret?: string | null
  readonly secret?: Uint8Array
}

/** A manager with this provider; its clock has the provider's time. */
async function trusting({ some = {}, of = provider, clientSecret = CLIENT.secret, secret = SECRET }: Trust = {}) {
  const signOn: SignOn = {
    ...{ issuer: of.issuer, audience: 'berth', clients: ['berth-cli'], nameClaim: 'sub', limits: FEW },
    adminClaim: { name: 'groups', value: 'berth-admins' },
    ...some,
  }
  const inUse = { signOn: signOn as SignOn | null }
  const api = await openTokenApi({
    url: URL_OF_MANAGER,
    provider: () => inUse.signOn,
    oidc: ({ now, logged }) =>
      openOidcSignIn({
        ...{ signOn, clientSecret, secret, clock: now },
        client: { id: CLIENT.id, secretFile: null, scopes: ['openid', 'profile', 'email'] },
        limits: () => inUse.signOn?.limits ?? UNLIMITED,
        url: () => URL_OF_MANAGER,
        log: { warn: (message) => void logged.push(message) },
      }),
  })
  api.world.advance(Date.now() - api.world.now())
  return { api, inUse, browser: openBrowser(api.server) }
}

/** Follows the sign-in at the provider. Returns the path of the manager to which it sends the browser. */
async function away(
  { browser, of = provider }: { browser: ReturnType<typeof openBrowser>; of?: SignInProvider },
  to = '',
) {
  const begun = await browser.open(`/v1/session/oidc${to}`, 'same-origin')
  assert.equal(begun.status, 302, begun.text)
  return of.follow(String(begun.headers['location']), URL_OF_MANAGER)
}

async function signIn(trust: Trust & { person?: string | null; claims?: Record<string, unknown>; to?: string } = {}) {
  const of = trust.of ?? provider
  of.person = trust.person === undefined ? 'alice' : trust.person
  of.claims = trust.claims ?? {}
  const all = await trusting(trust)
  const back = await away({ browser: all.browser, of }, trust.to)
  const answer = await all.browser.open(back, 'cross-site')
  return { ...all, back, answer, location: answer.headers['location'] }
}

const me = async (browser: ReturnType<typeof openBrowser>) => {
  const { status, text } = await browser.fetch('GET', '/v1/me')
  return { status, ...JSON.parse(text) }
}
const lastFailure = (api: TokenApi) =>
  api.world.logged.filter((line) => line.startsWith('a sign-in at the identity provider failed')).at(-1) ?? ''

describe('a sign-in at the provider', () => {
  it('opens a session of the person, and returns to the page', async () => {
    const { api, browser, answer, location } = await signIn({ to: '?return_to=/ui/pools/alpine?state=ready' })
    assert.deepEqual([answer.status, location], [303, '/ui/pools/alpine?state=ready'])
    const { name, role, auth, limits } = await me(browser)
    assert.deepEqual({ name, role, auth }, { name: 'oidc:alice', role: 'user', auth: 'oidc' })
    assert.deepEqual(limits, { containers: 1, duration_seconds: 3_600, pools: ['alpine'] })
    const state = JSON.parse((await browser.fetch('GET', '/v1/session')).text)
    assert.deepEqual([state.auth, state.ways, state.provider], ['session', ['token', 'oidc'], provider.issuer])
    const [session] = JSON.parse((await browser.fetch('GET', '/v1/sessions')).text).sessions
    assert.deepEqual(
      [session.way, session.token, session.identity, session.current],
      ['oidc', null, 'oidc:alice', true],
    )
    assert.ok(api.world.logged.some((line) => line.startsWith('oidc:alice signed in at the identity provider, from')))
  })

  it('sends code, PKCE, state and nonce, and no token to the browser', async () => {
    const { browser, api } = await trusting()
    const begun = await browser.open('/v1/session/oidc')
    const asked = new URL(String(begun.headers['location'])).searchParams
    assert.deepEqual(
      ['response_type', 'code_challenge_method', 'scope', 'redirect_uri', 'client_id'].map((name) => asked.get(name)),
      ['code', 'S256', 'openid profile email', CALLBACK, CLIENT.id],
    )
    for (const name of ['state', 'nonce', 'code_challenge']) assert.match(asked.get(name) ?? '', /^[\w-]{43}$/)
    assert.match(begun.cookies.join('\n'), /^berth-8080-oidc=[\w.-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/)
    assert.ok(!begun.cookies.join().includes(asked.get('state') ?? ''), 'the state is encrypted')
    provider.person = 'alice'
    const back = await provider.follow(String(begun.headers['location']), URL_OF_MANAGER)
    const { cookies, text, headers } = await browser.open(back, 'cross-site')
    const names = cookies.map((cookie) => cookie.split('=')[0] ?? '')
    assert.deepEqual(names.toSorted(), ['berth-8080', 'berth-8080-oidc'])
    assert.match(cookies.find((cookie) => cookie.startsWith('berth-8080-oidc')) ?? '', /=; Max-Age=0;/)
    assert.match(cookies.find((cookie) => cookie.startsWith('berth-8080=')) ?? '', /SameSite=Strict/)
    assert.doesNotMatch(JSON.stringify([cookies, text, headers]), /eyJ|id_token|access_token/)
    assert.doesNotMatch(api.world.logged.join(), /eyJ|code=/)
    assert.match(provider.lastGrant.get('code_verifier') ?? '', /^[\w-]{43}$/)
  })

  it('makes an admin by the claim, with no limits; an admin stays one until the session ends', async () => {
    const { browser } = await signIn({ person: 'teacher', claims: { groups: ['berth-admins'] } })
    const { name, role, limits } = await me(browser)
    assert.deepEqual([name, role, limits.containers], ['oidc:teacher', 'admin', null])
    provider.claims = {}
    assert.equal((await browser.fetch('GET', '/v1/tokens')).status, 200)
  })

  it('names the person by the configured claim', async () => {
    const { browser } = await signIn({ some: { nameClaim: 'email' }, claims: { email: 'alice@example.org' } })
    assert.equal((await me(browser)).name, 'oidc:alice@example.org')
  })

  it('works with a public client, and with a secret in the body', async () => {
    const open = await openSignInProvider({ redirectUri: CALLBACK, isPublic: true })
    assert.equal((await signIn({ of: open, clientSecret: null })).location, '/ui/')
    const post = await openSignInProvider({ redirectUri: CALLBACK, method: 'client_secret_post' })
    assert.equal((await signIn({ of: post })).location, '/ui/')
    assert.equal(post.lastGrant.get('client_secret'), CLIENT.secret)
  })

  it('can be finished by another manager of the database, and by no manager of another one', async () => {
    const [first, second] = [await trusting(), await trusting()]
    const stranger = await trusting({ secret: Buffer.alloc(32, 8) })
    provider.person = 'alice'
    const back = await away(first)
    for (const other of [second, stranger])
      other.browser.jar.set('berth-8080-oidc', first.browser.jar.get('berth-8080-oidc') ?? '')
    assert.equal((await stranger.browser.open(back, 'cross-site')).headers['location'], '/ui/sign-in?error=expired')
    assert.equal((await second.browser.open(back, 'cross-site')).headers['location'], '/ui/')
  })
})

describe('a session from the provider', () => {
  it('has the limits of berth.yml that are in use', async () => {
    const { browser, inUse } = await signIn()
    assert.ok(inUse.signOn)
    inUse.signOn = { ...inUse.signOn, limits: { ...FEW, containers: 7 } }
    assert.equal((await me(browser)).limits.containers, 7)
  })

  it('ends when berth.yml names another provider, or none', async () => {
    const { browser, inUse } = await signIn()
    const { signOn } = inUse
    for (const other of [null, { ...Object(signOn), issuer: 'https://other.example' } as SignOn]) {
      inUse.signOn = other
      assert.equal((await me(browser)).status, 401)
    }
    inUse.signOn = signOn
    assert.equal((await me(browser)).status, 200)
  })
})

describe('a failed sign-in leads to the page that explains it', () => {
  const failed = (location: unknown, why: string) => assert.equal(location, `/ui/sign-in?error=${why}`)

  it('denied: the person refuses; the texts of the provider are only in the log, made safe', async () => {
    const { api, location, answer } = await signIn({ person: null })
    failed(location, 'denied')
    assert.equal(answer.status, 303)
    assert.match(lastFailure(api), /access_denied: the person \?\[31msaid no/)
  })

  it('expired: after ten minutes, not before', async () => {
    for (const [ms, expected] of [
      [590_000, '/ui/'],
      [601_000, '/ui/sign-in?error=expired'],
    ] as const) {
      const all = await trusting()
      provider.person = 'alice'
      const back = await away(all)
      all.api.world.advance(ms)
      const answer = await all.browser.open(back, 'cross-site')
      assert.equal(answer.headers['location'], expected)
    }
  })

  it('expired: in a browser that has not started it, with another state, or a second time', async () => {
    const { api, back, browser } = await signIn()
    const stranger = openBrowser(api.server)
    failed((await stranger.open(back, 'cross-site')).headers['location'], 'expired')
    assert.equal(stranger.jar.size, 0)
    failed((await browser.open(back, 'cross-site')).headers['location'], 'expired')
    const fresh = openBrowser(api.server)
    await fresh.open('/v1/session/oidc')
    failed((await fresh.open(back, 'cross-site')).headers['location'], 'expired')
    failed((await fresh.open('/v1/session/oidc/callback', 'cross-site')).headers['location'], 'expired')
  })

  it('failed: a code is valid once, also with a copy of the cookie', async () => {
    const all = await trusting()
    provider.person = 'alice'
    const back = await away(all)
    const copy = openBrowser(all.api.server)
    copy.jar.set('berth-8080-oidc', all.browser.jar.get('berth-8080-oidc') ?? '')
    assert.equal((await all.browser.open(back, 'cross-site')).headers['location'], '/ui/')
    failed((await copy.open(back, 'cross-site')).headers['location'], 'failed')
    assert.match(lastFailure(all.api), /invalid_grant/)
  })

  it('failed: the code of another person, put into the browser of a victim', async () => {
    const [attacker, victim] = [await trusting(), await trusting()]
    provider.person = 'mallory'
    const code = new URL(await away(attacker), URL_OF_MANAGER).searchParams.get('code') ?? ''
    const begun = await victim.browser.open('/v1/session/oidc')
    const state = new URL(String(begun.headers['location'])).searchParams.get('state') ?? ''
    const query = new URLSearchParams({ code, state, iss: provider.issuer })
    const answer = await victim.browser.open(`/v1/session/oidc/callback?${query}`, 'cross-site')
    failed(answer.headers['location'], 'failed')
    assert.equal((await me(victim.browser)).status, 401)
  })

  it('failed: a wrong secret of the client, which is not logged', async () => {
    const { api, location } = await signIn({ clientSecret: 'a-wrong-one' })
    failed(location, 'failed')
    assert.match(lastFailure(api), /invalid_client/)
    assert.doesNotMatch(lastFailure(api), /a-wrong-one/)
  })

  it('not_allowed: a person without the claim that names people', async () => {
    const { api, location } = await signIn({ some: { nameClaim: 'email' } })
    failed(location, 'not_allowed')
    assert.match(lastFailure(api), /its claim email is not a name/)
  })

  it('unavailable: the provider does not answer, at the start and at the end; it works again afterwards', async () => {
    const own = await openSignInProvider({ redirectUri: CALLBACK })
    const all = await trusting({ of: own })
    await own.down()
    const begun = await all.browser.open('/v1/session/oidc')
    assert.deepEqual([begun.status, begun.headers['location']], [302, '/ui/sign-in?error=unavailable'])
    assert.match(lastFailure(all.api), /the metadata of http:\/\/127.0.0.1:\d+ cannot be read.*/)
    await own.up()
    const back = await away({ browser: all.browser, of: own })
    await own.down()
    failed((await all.browser.open(back, 'cross-site')).headers['location'], 'unavailable')
    await own.up()
    const again = await away({ browser: all.browser, of: own })
    assert.equal((await all.browser.open(again, 'cross-site')).headers['location'], '/ui/')
  })
})

describe('return_to', () => {
  const elsewhere = [
    ...['https://evil.example/ui/', '//evil.example/ui/', '/\\evil.example/ui/', '\\\\evil.example', '/ui', '/'],
    ...['/v1/tokens', '/ui/../v1/tokens', '/ui/%2e%2e/release_all', 'ui/', 'javascript:alert(1)', '/ui\\..\\v1', ''],
    ...['/\t/evil.example/ui/', '/release_all', '/uix/', `/ui/${'x'.repeat(2_000)}`],
  ]
  it('422 for a path that is too long for the cookie in percent-encoding', async () => {
    const { browser } = await trusting()
    const open = async (length: number) =>
      browser.open(`/v1/session/oidc?return_to=${encodeURIComponent(`/ui/${'\u20ac'.repeat(length)}`)}`)
    assert.equal((await open(221)).status, 302)
    assert.ok((browser.jar.get('berth-8080-oidc') ?? '').length < 4_000)
    const { status, cookies, text } = await open(222)
    assert.deepEqual([status, cookies], [422, []])
    assert.match(JSON.parse(text).errors[0].message, /at most 2000 characters in percent-encoding, got 2002/)
  })

  for (const path of elsewhere) {
    it(`422 ${JSON.stringify(path).slice(0, 60)}`, async () => {
      const { browser } = await trusting()
      const { status, cookies, text } = await browser.open(`/v1/session/oidc?return_to=${encodeURIComponent(path)}`)
      assert.deepEqual([status, cookies], [422, []], text)
      assert.equal(JSON.parse(text).errors[0].path, 'return_to')
    })
  }
})

it('GET /v1/session/oidc: 404 that says how, without a client in berth.yml', async () => {
  const { server } = await openTokenApi()
  for (const url of ['/v1/session/oidc', '/v1/session/oidc/callback?code=x&state=y']) {
    const { status, text } = await openBrowser(server).open(url)
    assert.equal(status, 404)
    assert.match(JSON.parse(text).detail, /auth\.oidc\.client_id in berth\.yml adds one/)
  }
})
