/** People who come with a token of their identity provider, which is a real one. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import type { SignOn } from '../../../src/core/identity.ts'
import { openSignOn } from '../../../src/http/access/oidc.ts'
import { bearer, type Guarded, openGuarded } from '../../support/guarded.ts'
import { openProvider, type TestProvider } from '../../support/provider.ts'

const UNLIMITED = { containers: null, durationMs: null, pools: null }
const FEW = { containers: 1, durationMs: 3_600_000, pools: ['alpine'] }

const provider = await openProvider([
  { sub: 'alice', claims: { groups: ['students'], email: 'alice@example.org', name: 'berth-admins' } },
  { sub: 'teacher', claims: { groups: ['staff', 'berth-admins'], realm_access: { roles: ['berth'] } } },
  { sub: 'odd', claims: { email: 'a\nb', groups: { 0: 'berth-admins' } } },
])

/** The API as it is where this provider is trusted; its clock tells the provider's time. */
async function trusting(some: Partial<SignOn> = {}, of: TestProvider = provider, cooldown = 0): Promise<Guarded> {
  const adminClaim = { name: 'groups', value: 'berth-admins' }
  const settings = { issuer: of.issuer, audience: 'berth', adminClaim, nameClaim: 'sub', limits: FEW, ...some }
  const api = await openGuarded({
    signOn: ({ now, logged }) =>
      openSignOn(settings, {
        ...{ clock: now, cooldown },
        log: { warn: (message, fields) => void logged.push(`${message} ${JSON.stringify(fields)}`) },
      }),
  })
  api.world.advance(Date.now() - api.world.now())
  return api
}

async function me(api: Guarded, jwt: string) {
  const { status, text } = await api.get('/v1/me', bearer(jwt))
  return { status, ...JSON.parse(text) }
}

describe('somebody who has signed on', () => {
  it('is let in under their own name, with the limits of everybody who comes that way', async () => {
    const api = await trusting()
    const { expires_at, ...rest } = await me(api, await provider.token('alice'))
    assert.deepEqual(rest, {
      ...{ status: 200, name: 'oidc:alice', role: 'user', auth: 'oidc', containers_held: 0 },
      limits: { containers: 1, duration_seconds: 3_600, pools: ['alpine'] },
    })
    assert.ok(Math.abs(Date.parse(expires_at) - Date.now() - 60_000) < 5_000, expires_at)
  })

  it('reserves, within the limits, and sees what is theirs', async () => {
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

  it('is an admin by the claim that says so, without limits', async () => {
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

  it('is an admin by a scope, of which there may be several in one text', async () => {
    const api = await trusting({ adminClaim: { name: 'scope', value: 'berth:admin' } })
    const role = async (scope: unknown) => (await me(api, await provider.sign({ ...provider.claims(), scope }))).role
    assert.deepEqual(
      [await role('openid berth:admin'), await role('berth:administrator'), await role(true)],
      ['admin', 'user', 'user'],
    )
  })

  it('is named by another claim, if that is wanted', async () => {
    const api = await trusting({ nameClaim: 'email' })
    assert.equal((await me(api, await provider.token('alice'))).name, 'oidc:alice@example.org')
    for (const sub of ['odd', 'teacher']) {
      const { status, title } = await me(api, await provider.token(sub))
      assert.equal(status, 401)
      assert.match(title, /^this token cannot be used: its claim email names nobody;/)
    }
  })

  it('is told apart from who has a token of ours with that name', async () => {
    const api = await trusting()
    const { headers } = await api.give('alice')
    await api.get('/reserve?username=alice', headers)
    const { text } = await api.get('/reservations', bearer(await provider.token('alice')))
    assert.deepEqual(JSON.parse(text).reservations, [])
    assert.equal((await api.get('/v1/me', headers)).status, 200)
  })

  it('does not make the provider be asked each time', async () => {
    const api = await trusting()
    const jwt = await provider.token('alice')
    const before = provider.asked.length
    for (let sent = 0; sent < 5; sent += 1) assert.equal((await me(api, jwt)).status, 200)
    assert.deepEqual(provider.asked.slice(before), ['/.well-known/openid-configuration', '/jwks'])
  })
})

describe('a token of a provider that is not good', () => {
  const { sign, claims } = provider
  const now = () => Math.floor(Date.now() / 1_000)
  const rows: readonly [title: string, make: () => Promise<string>, says: RegExp][] = [
    ['made for somebody else', () => provider.token('alice', 'elsewhere'), /it was not made for berth;/],
    ['made for nobody', () => sign({ ...claims(), aud: undefined } as never), /it was not made for berth;/],
    ['of another issuer', () => sign({ ...claims(), iss: 'https://evil.example' }), /it is not of http:\/\/127/],
    ['of nobody', () => sign({ ...claims(), iss: undefined } as never), /it is not of http:\/\/127/],
    ['expired', () => sign({ ...claims(), exp: now() - 31 }), /it has expired;/],
    ['that never expires', () => sign({ ...claims(), exp: undefined } as never), /its claim exp is missing or wrong;/],
    ['of the future', () => sign({ ...claims(), nbf: now() + 60 }), /it is not valid yet;/],
    ['of nobody in particular', () => sign({ ...claims(), sub: undefined } as never), /its claim sub names nobody;/],
    ['that is bound to a key', () => sign({ ...claims(), cnf: { jkt: 'x' } }), /bound to a key of its owner/],
    [
      'that is not signed',
      async () => new UnsecuredJWT(claims()).encode(),
      /the way in which it is signed is not accepted;/,
    ],
    [
      'signed with what is public',
      async () => {
        const { keys } = (await (await fetch(`${provider.issuer}/jwks`)).json()) as {
          keys: [{ kid: string; n: string }]
        }
        const secret = new TextEncoder().encode(keys[0].n)
        return new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: keys[0].kid }).sign(secret)
      },
      /the way in which it is signed is not accepted;/,
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
    it(`401 one ${title}`, async () => {
      const api = await trusting()
      const jwt = await make()
      const { status, code, title: message } = await me(api, jwt)
      assert.deepEqual({ status, code }, { status: 401, code: 'unauthorized' })
      assert.match(message, /^this token cannot be used: /)
      assert.match(message, says)
      for (const part of jwt.split('.').filter((p) => p.length > 3)) assert.ok(!message.includes(part))
      assert.ok(!api.world.logged.join('\n').includes(jwt.slice(-20)))
    })
  }

  it('expires by our clock, give or take what clocks differ by', async () => {
    const api = await trusting()
    const jwt = await provider.token('alice')
    api.world.advance(60_000 + 20_000)
    assert.equal((await me(api, jwt)).status, 200)
    api.world.advance(15_000)
    assert.match((await me(api, jwt)).title, /it has expired;/)
  })

  it('is slowed down as one of ours would be', async () => {
    const api = await trusting()
    for (let sent = 0; sent < 3; sent += 1) await me(api, 'a.b.c')
    assert.deepEqual(api.pauses, [125, 250, 500])
  })

  it('does not make the provider be asked when it is not its own', async () => {
    const api = await trusting()
    const before = provider.asked.length
    await me(api, await provider.sign({ ...provider.claims(), iss: 'https://evil.example' }))
    await me(api, 'a.b.c')
    assert.deepEqual(provider.asked.slice(before), [])
  })

  it('does not make it be asked again and again for keys that it does not have', async () => {
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

describe('a provider that takes another key', () => {
  it('is asked for it when it is first seen; tokens of the old one are refused once it is gone', async () => {
    const own = await openProvider([{ sub: 'alice' }])
    const api = await trusting({}, own)
    const old = await own.token('alice')
    assert.equal((await me(api, old)).status, 200)
    await own.rotate()
    assert.equal((await me(api, await own.token('alice'))).status, 200)
    assert.match((await me(api, old)).title, /its provider does not publish the key that signed it;/)
  })

  it('may publish both for a while', async () => {
    const own = await openProvider([{ sub: 'alice' }])
    const api = await trusting({}, own)
    const old = await own.token('alice')
    await own.rotate({ keep: true })
    for (const jwt of [old, await own.token('alice')]) assert.equal((await me(api, jwt)).status, 200)
  })

  it('may leave unsaid which of them has signed', async () => {
    const own = await openProvider([{ sub: 'alice' }])
    await own.rotate({ keep: true })
    const api = await trusting({}, own)
    const unnamed = { ...own.claims() }
    const jwt = await own.sign(unnamed, { kid: undefined } as never)
    assert.equal((await me(api, jwt)).status, 200)
    const forged = await own.sign(unnamed, { kid: undefined } as never, (await generateKeyPair('RS256')).privateKey)
    assert.match((await me(api, forged)).title, /its signature is wrong;/)
  })
})

describe('a provider that does not answer', () => {
  it('503, and not 401: the token may be good; tokens of ours go on', async () => {
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
    assert.deepEqual(api.pauses, [])
    assert.equal((await api.get('/v1/me', (await api.give('alice')).headers)).status, 200)
    await own.up()
    assert.equal((await me(api, jwt)).status, 200)
  })

  it('is not missed while its keys are known, also when where they are is due to be asked again', async () => {
    const own = await openProvider([{ sub: 'alice' }])
    const api = await trusting({}, own)
    const jwt = await own.sign({ ...own.claims(), exp: Math.floor(Date.now() / 1_000) + 9_000 })
    assert.equal((await me(api, jwt)).status, 200)
    await own.down()
    assert.equal((await me(api, jwt)).status, 200)
    api.world.advance(3_600_000)
    assert.equal((await me(api, jwt)).status, 200)
  })

  it('503 when it calls itself something else, and the log says what to write', async () => {
    const api = await trusting({ issuer: `${provider.issuer}/` })
    const jwt = await provider.sign({ ...provider.claims(), iss: `${provider.issuer}/` })
    assert.equal((await me(api, jwt)).status, 503)
    const line = api.world.logged.find((entry) => entry.startsWith('the identity provider cannot be asked'))
    assert.match(line ?? '', /auth\.oidc\.issuer must be that, to the letter/)
  })

  it('503 when it is none', async () => {
    const api = await trusting({ issuer: `${provider.issuer}/nowhere` })
    const jwt = await provider.sign({ ...provider.claims(), iss: `${provider.issuer}/nowhere` })
    assert.equal((await me(api, jwt)).status, 503)
    assert.ok(api.world.logged.some((line) => line.includes('was answered with status 404')))
  })
})

describe('an identity', () => {
  it('has no limits that nobody has set', async () => {
    const api = await trusting({ limits: UNLIMITED })
    assert.equal((await api.get('/reserve?username=a&count=3', bearer(await provider.token('alice')))).status, 200)
  })
})
