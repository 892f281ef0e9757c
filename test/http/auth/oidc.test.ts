/** Users with a token of their identity provider, which is a real server. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { after, describe, it } from 'node:test'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import type { SignOn } from '../../../src/domain/identity.ts'
import { openSignOn } from '../../../src/http/auth/oidc.ts'
import { bearer, type TokenApi, openTokenApi } from '../../support/http/token-api.ts'
import { openProvider, type TestProvider } from '../../support/http/identity-provider.ts'

const UNLIMITED = { containers: null, durationMs: null, pools: null }
const FEW = { containers: 1, durationMs: 3_600_000, pools: ['alpine'] }

const provider = await openProvider([
  { sub: 'alice', claims: { groups: ['students'], email: 'alice@example.org', name: 'berth-admins' } },
  { sub: 'teacher', claims: { groups: ['staff', 'berth-admins'], realm_access: { roles: ['berth'] } } },
  { sub: 'odd', claims: { email: 'a\nb', groups: { 0: 'berth-admins' } } },
])

/** The API with this provider; its clock has the provider's time. */
async function trusting(some: Partial<SignOn> = {}, of: TestProvider = provider, cooldown = 0): Promise<TokenApi> {
  const adminClaim = { name: 'groups', value: 'berth-admins' }
  const settings = {
    ...{ issuer: of.issuer, audience: 'berth', clients: null, adminClaim },
    nameClaim: 'sub',
    limits: FEW,
    ...some,
  }
  const api = await openTokenApi({
    signOn: ({ now, logged }) =>
      openSignOn(settings, {
        ...{ clock: now, cooldown },
        log: { warn: (message, fields) => void logged.push(`${message} ${JSON.stringify(fields)}`) },
      }),
  })
  api.world.advance(Date.now() - api.world.now())
  return api
}

async function me(api: TokenApi, jwt: string) {
  const { status, text } = await api.get('/v1/me', bearer(jwt))
  return { status, ...JSON.parse(text) }
}

describe('a user of the provider', () => {
  it('is admitted under their own name, with the limits of users of the provider', async () => {
    const api = await trusting()
    const { expires_at, ...rest } = await me(api, await provider.token('alice'))
    assert.deepEqual(rest, {
      ...{ status: 200, name: 'oidc:alice', role: 'user', auth: 'oidc', containers_held: 0 },
      limits: { containers: 1, duration_seconds: 3_600, pools: ['alpine'] },
    })
    assert.ok(Math.abs(Date.parse(expires_at) - Date.now() - 60_000) < 5_000, expires_at)
  })

  it('reserves within the limits, and sees their own reservations', async () => {
    const api = await trusting()
    const headers = bearer(await provider.token('alice'))
    assert.equal((await api.get('/reserve?username=alice&count=2', headers)).status, 429)
    assert.equal((await api.get('/reserve?username=alice', headers)).status, 200)
    const other = bearer(await provider.token('odd'))
    const rows = async (who: Record<string, string>) =>
      JSON.parse((await api.get('/reservations', who)).text).reservations
    assert.deepEqual([(await rows(headers)).length, (await rows(other)).length], [1, 0])
    assert.equal((await api.get('/release_all', headers)).status, 403)
  })

  it('is an admin without limits by the configured claim', async () => {
    const api = await trusting()
    const { name, role, limits } = await me(api, await provider.token('teacher'))
    assert.deepEqual({ name, role }, { name: 'oidc:teacher', role: 'admin' })
    assert.deepEqual(limits, { containers: null, duration_seconds: null, pools: null })
    const made = await api.ask(
      'POST',
      '/v1/tokens',
      { ...bearer(await provider.token('teacher')), 'content-type': 'application/json' },
      '{"name":"ci"}',
    )
    assert.equal(made.status, 201)
  })

  const claims: readonly [title: string, some: Partial<SignOn>, sub: string, expected: string][] = [
    ['an admin by a path', { adminClaim: { name: 'realm_access.roles', value: 'berth' } }, 'teacher', 'admin'],
    ['no admin by a part of a value', { adminClaim: { name: 'groups', value: 'berth' } }, 'teacher', 'user'],
    ['no admin by another claim', { adminClaim: { name: 'email', value: 'berth-admins' } }, 'alice', 'user'],
    ['no admin by what is no list', {}, 'odd', 'user'],
    ['no admin when nobody is', { adminClaim: null }, 'teacher', 'user'],
  ]
  for (const [title, some, sub, expected] of claims) {
    it(`is ${title}`, async () => {
      assert.equal((await me(await trusting(some), await provider.token(sub))).role, expected)
    })
  }

  it('is an admin by one of several scopes in one string', async () => {
    const api = await trusting({ adminClaim: { name: 'scope', value: 'berth:admin' } })
    const role = async (scope: unknown) => (await me(api, await provider.sign({ ...provider.claims(), scope }))).role
    assert.deepEqual(
      [await role('openid berth:admin'), await role('berth:administrator'), await role(true)],
      ['admin', 'user', 'user'],
    )
  })

  it('is named by another claim if configured', async () => {
    const api = await trusting({ nameClaim: 'email' })
    assert.equal((await me(api, await provider.token('alice'))).name, 'oidc:alice@example.org')
    for (const sub of ['odd', 'teacher']) {
      const { status, detail } = await me(api, await provider.token(sub))
      assert.equal(status, 401)
      assert.match(detail, /^this token cannot be used: its claim email is not a name;/)
    }
  })

  it('differs from the owner of an API token of the same name', async () => {
    const api = await trusting()
    const { headers } = await api.give('alice')
    await api.get('/reserve?username=alice', headers)
    const { text } = await api.get('/reservations', bearer(await provider.token('alice')))
    assert.deepEqual(JSON.parse(text).reservations, [])
    assert.equal((await api.get('/v1/me', headers)).status, 200)
  })

  it('does not cause a request to the provider each time', async () => {
    const api = await trusting()
    const jwt = await provider.token('alice')
    const before = provider.asked.length
    for (let sent = 0; sent < 5; sent += 1) assert.equal((await me(api, jwt)).status, 200)
    assert.deepEqual(provider.asked.slice(before), ['/.well-known/openid-configuration', '/jwks'])
  })
})

const WRONG_TYPE = /its type \(typ\) is not that of an ID or access token;/
const NO_CLIENT = /it does not name its client \(claim azp or client_id\);/
const WRONG_ALGORITHM = /its signature algorithm is not accepted;/

describe('an invalid token of a provider', () => {
  const { sign, claims } = provider
  const now = () => Math.floor(Date.now() / 1_000)
  const rows: readonly [title: string, make: () => Promise<string>, says: RegExp][] = [
    ['made for somebody else', () => provider.token('alice', 'elsewhere'), /it was not made for berth;/],
    ['made for nobody', () => sign({ ...claims(), aud: undefined } as never), /it was not made for berth;/],
    ['of another issuer', () => sign({ ...claims(), iss: 'https://evil.example' }), /its issuer is not http:\/\/127/],
    ['of nobody', () => sign({ ...claims(), iss: undefined } as never), /its issuer is not http:\/\/127/],
    ['expired', () => sign({ ...claims(), exp: now() - 31 }), /it has expired;/],
    ['that never expires', () => sign({ ...claims(), exp: undefined } as never), /its claim exp is missing or wrong;/],
    ['of the future', () => sign({ ...claims(), nbf: now() + 60 }), /it is not valid yet;/],
    ['without a name', () => sign({ ...claims(), sub: undefined } as never), /its claim sub is not a name;/],
    ...['exp', 'nbf', 'iat'].flatMap((claim): [string, () => Promise<string>, RegExp][] =>
      [1e300, -1, 253_402_300_800, 8.64e15].map((time) => [
        `whose ${claim} is ${time}`,
        () => sign({ ...claims(), [claim]: time }),
        /its claim (exp|nbf|iat) is not a time;|it has expired;|it is not valid yet;/,
      ]),
    ),
    ['that ends a session', () => sign(claims(), { typ: 'logout+jwt' }), WRONG_TYPE],
    ['of a security event', () => sign(claims(), { typ: 'application/secevent+jwt' }), WRONG_TYPE],
    ['whose type is no text', () => sign(claims(), { typ: ['JWT'] as never }), WRONG_TYPE],
    ['that is a proof', () => sign(claims(), { typ: 'dpop+jwt' }), WRONG_TYPE],
    ['that tells of an event', () => sign({ ...claims(), events: {} }), /it is a security event token, not an ID/],
    ['for several, of no client', () => sign({ ...claims(), aud: ['berth', 'shop'] }), NO_CLIENT],
    ['of a client without a name', () => sign({ ...claims(), azp: '' }), NO_CLIENT],
    ['of a client that is a list', () => sign({ ...claims(), azp: ['berth'] }), NO_CLIENT],
    ['that is bound to a key', () => sign({ ...claims(), cnf: { jkt: 'x' } }), /bound to a key of its owner/],
    ['that is not signed', async () => new UnsecuredJWT(claims()).encode(), WRONG_ALGORITHM],
    [
      'signed with what is public',
      async () => {
        const { keys } = (await (await fetch(`${provider.issuer}/jwks`)).json()) as {
          keys: [{ kid: string; n: string }]
        }
        const secret = new TextEncoder().encode(keys[0].n)
        return new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: keys[0].kid }).sign(secret)
      },
      WRONG_ALGORITHM,
    ],
    [
      'signed by somebody else in its name',
      async () => sign(claims(), {}, (await generateKeyPair('RS256')).privateKey),
      /its signature is wrong;/,
    ],
    [
      'signed by somebody else, who says so',
      async () => sign(claims(), { kid: 'mine' }, (await generateKeyPair('RS256')).privateKey),
      /its provider does not publish the key that signed it;/,
    ],
    [
      'that brings its own key',
      async () => {
        const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
        const header = { alg: 'RS256', jwk: await exportJWK(publicKey) }
        return new SignJWT(claims()).setProtectedHeader(header).sign(privateKey)
      },
      /its signature is wrong;/,
    ],
    [
      'that was changed',
      async () => {
        const [head = '', body = '', signature = ''] = (await provider.token('alice')).split('.')
        const changed = { ...JSON.parse(atob(body)), groups: ['berth-admins'] }
        return [head, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.')
      },
      /its signature is wrong;/,
    ],
    ['that is none', async () => 'a.b.c', /it is not a signed JSON Web Token;/],
    ['that is encrypted', async () => 'eyJhbGciOiJkaXIifQ..a.b.c', /it is not a signed JSON Web Token;/],
  ]
  for (const [title, make, says] of rows) {
    it(`401 ${title}`, async () => {
      const api = await trusting()
      const jwt = await make()
      const { status, code, detail: message } = await me(api, jwt)
      assert.deepEqual({ status, code }, { status: 401, code: 'unauthorized' })
      assert.match(message, /^this token cannot be used: /)
      assert.match(message, says)
      for (const part of jwt.split('.').filter((p) => p.length > 3)) assert.ok(!message.includes(part))
      assert.ok(!api.world.logged.join('\n').includes(jwt.slice(-20)))
    })
  }

  it('of a client is valid unless the clients are named and it is of another one', async () => {
    const several = { ...claims(), aud: ['berth', 'account'] }
    const status = async (some: Partial<SignOn>, payload: JWTPayload, typ?: string) =>
      (await me(await trusting(some), await sign(payload, typ === undefined ? {} : { typ }))).status
    for (const typ of [undefined, 'JWT', 'at+jwt', 'application/at+JWT'])
      assert.equal(await status({}, claims(), typ), 200)
    assert.equal(await status({}, { ...several, azp: 'cli' }), 200)
    const clients = ['cli']
    assert.equal(await status({ clients }, { ...several, azp: 'cli' }), 200)
    assert.equal(await status({ clients }, { ...claims(), client_id: 'cli' }), 200)
    assert.equal(await status({ clients }, { ...claims(), azp: 'berth' }), 200)
    assert.equal(await status({ clients }, { ...claims(), azp: 'shop' }), 401)
    assert.equal(await status({ clients }, claims()), 401)
  })

  it('expires by Berth’s clock, with a tolerance', async () => {
    const api = await trusting()
    const jwt = await provider.token('alice')
    api.world.advance(60_000 + 20_000)
    assert.equal((await me(api, jwt)).status, 200)
    api.world.advance(15_000)
    assert.match((await me(api, jwt)).detail, /it has expired;/)
  })

  it('causes no request to the provider when another one issued it', async () => {
    const api = await trusting()
    const before = provider.asked.length
    await me(api, await provider.sign({ ...provider.claims(), iss: 'https://evil.example' }))
    await me(api, 'a.b.c')
    assert.deepEqual(provider.asked.slice(before), [])
  })

  it('does not cause repeated requests for unknown keys', async () => {
    const api = await trusting({}, provider, 60_000)
    const { privateKey } = await generateKeyPair('RS256')
    const before = provider.asked.length
    for (let sent = 0; sent < 5; sent += 1) {
      assert.equal(
        (await me(api, await provider.sign(provider.claims(), { kid: `kid-${sent}` }, privateKey))).status,
        401,
      )
    }
    assert.equal(provider.asked.slice(before).filter((path) => path === '/jwks').length, 1)
  })
})

describe('a provider that rotates its key', () => {
  it('is asked for the new key when it is first seen; tokens of the old one are refused once it is gone', async () => {
    const own = await openProvider([{ sub: 'alice' }])
    const api = await trusting({}, own)
    const old = await own.token('alice')
    assert.equal((await me(api, old)).status, 200)
    await own.rotate()
    assert.equal((await me(api, await own.token('alice'))).status, 200)
    assert.match((await me(api, old)).detail, /its provider does not publish the key that signed it;/)
  })

  it('may publish both for a while', async () => {
    const own = await openProvider([{ sub: 'alice' }])
    const api = await trusting({}, own)
    const old = await own.token('alice')
    await own.rotate({ keep: true })
    for (const jwt of [old, await own.token('alice')]) assert.equal((await me(api, jwt)).status, 200)
  })

  it('may omit which of them has signed', async () => {
    const own = await openProvider([{ sub: 'alice' }])
    await own.rotate({ keep: true })
    const api = await trusting({}, own)
    const unnamed = { ...own.claims() }
    const jwt = await own.sign(unnamed, { kid: undefined } as never)
    assert.equal((await me(api, jwt)).status, 200)
    const forged = await own.sign(unnamed, { kid: undefined } as never, (await generateKeyPair('RS256')).privateKey)
    assert.match((await me(api, forged)).detail, /its signature is wrong;/)
  })
})

describe('a provider that does not answer', () => {
  it('503, not 401: the token may be valid; API tokens still work', async () => {
    const own = await openProvider([{ sub: 'alice' }])
    const api = await trusting({}, own)
    const jwt = await own.token('alice')
    await own.down()
    const { status, headers, text } = await api.get('/v1/me', bearer(jwt))
    assert.deepEqual({ status, code: JSON.parse(text).code }, { status: 503, code: 'sign_on_unavailable' })
    assert.equal(headers['retry-after'], '2')
    assert.equal(headers['www-authenticate'], undefined)
    assert.equal((await api.get('/available', bearer(jwt))).status, 503)
    assert.ok(api.world.logged.some((line) => /^the identity provider cannot be asked .*ECONNREFUSED/.test(line)))
    assert.equal((await api.get('/v1/me', (await api.give('alice')).headers)).status, 200)
    await own.up()
    assert.equal((await me(api, jwt)).status, 200)
  })

  it('is not needed while its keys are known, even when discovery is due', async () => {
    const own = await openProvider([{ sub: 'alice' }])
    const api = await trusting({}, own)
    const jwt = await own.sign({ ...own.claims(), exp: Math.floor(Date.now() / 1_000) + 9_000 })
    assert.equal((await me(api, jwt)).status, 200)
    await own.down()
    assert.equal((await me(api, jwt)).status, 200)
    api.world.advance(3_600_000)
    assert.equal((await me(api, jwt)).status, 200)
  })

  it('503 when its issuer differs, and the log says what to configure', async () => {
    const api = await trusting({ issuer: `${provider.issuer}/` })
    const jwt = await provider.sign({ ...provider.claims(), iss: `${provider.issuer}/` })
    assert.equal((await me(api, jwt)).status, 503)
    const line = api.world.logged.find((entry) => entry.startsWith('the identity provider cannot be asked'))
    assert.match(line ?? '', /auth\.oidc\.issuer must equal it exactly/)
  })

  it('503 when the server is not a provider', async () => {
    const api = await trusting({ issuer: `${provider.issuer}/nowhere` })
    const jwt = await provider.sign({ ...provider.claims(), iss: `${provider.issuer}/nowhere` })
    assert.equal((await me(api, jwt)).status, 503)
    assert.ok(api.world.logged.some((line) => line.includes('was answered with status 404')))
  })
})

describe('keys that an attacker on the network could replace', () => {
  /** A valid provider, except for the URL of its keys. */
  async function withKeysAt(jwksUri: string, redirect?: string): Promise<number> {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
    const own = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: 'RS256', kid: 'own' }] })
    let issuer = ''
    const server = createServer(({ url = '' }, response) => {
      if (url === '/moved' && redirect !== undefined) response.writeHead(302, { location: redirect }).end()
      else if (url.endsWith('openid-configuration'))
        response.end(JSON.stringify({ issuer, jwks_uri: jwksUri.replace('HERE', issuer) }))
      else response.setHeader('content-type', 'application/json').end(own)
    }).listen(0)
    after(() => server.close().closeAllConnections())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    issuer = `http://127.0.0.1:${port}`
    const api = await trusting({ issuer })
    const jwt = await new SignJWT({ ...provider.claims(), iss: issuer })
      .setProtectedHeader({ alg: 'RS256', kid: 'own' })
      .sign(privateKey)
    return (await me(api, jwt)).status
  }
  const [outside] = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)

  it('are accepted from this machine', async () => {
    assert.equal(await withKeysAt('HERE/jwks'), 200)
  })

  it('503 over plain HTTP from other machines, however it is written, and after a redirect', async () => {
    const port = '/jwks'
    for (const place of [
      `http://${outside?.address ?? '192.0.2.1'}:1${port}`,
      'http://localhost.evil.example/jwks',
      'http://127.0.0.1@192.0.2.1/jwks',
      'http://user:word@127.0.0.1/jwks',
      'http://[::ffff:192.0.2.1]/jwks',
      'ftp://127.0.0.1/jwks',
      'file:///etc/passwd',
      'data:application/json,{"keys":[]}',
    ])
      assert.equal(await withKeysAt(place), 503, place)
    assert.equal(await withKeysAt('HERE/moved', `http://${outside?.address ?? '192.0.2.1'}:1/jwks`), 503)
  })
})

describe('an identity', () => {
  it('has no limits unless configured', async () => {
    const api = await trusting({ limits: UNLIMITED })
    assert.equal((await api.get('/reserve?username=a&count=3', bearer(await provider.token('alice')))).status, 200)
  })
})
