/** Tokens over the API: made, shown once, listed, deleted. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type TokenApi, openTokenApi } from '../../support/http/token-api.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const MINUTE = 60_000
const UNLIMITED = { containers: null, duration_seconds: null, pools: null }

async function openAsAdmin() {
  const api = await openTokenApi()
  const { headers, token } = await api.give('root', 'admin')
  return {
    ...{ api, headers, token },
    make: (body: object) => api.ask('POST', '/v1/tokens', { ...headers, ...JSON_TYPE }, JSON.stringify(body)),
  }
}

async function me(api: TokenApi, text: string) {
  return JSON.parse((await api.get('/v1/me', { authorization: `Bearer ${text}` })).text)
}

describe('POST /v1/tokens', () => {
  it('creates a valid token, and shows it once', async () => {
    const { api, headers, make } = await openAsAdmin()
    const { status, text } = await make({ name: 'alice@example.org' })
    const { token, id, ...rest } = JSON.parse(text)
    assert.equal(status, 201)
    assert.match(token, new RegExp(`^berth_${id}_[0-9a-f]{64}$`))
    assert.deepEqual(rest, {
      ...{ name: 'alice@example.org', role: 'user', limits: UNLIMITED },
      ...{ created_at: '2027-01-15T08:00:00.000Z', expires_at: null, last_used_at: null },
    })
    assert.deepEqual(await me(api, token), {
      ...{ name: 'alice@example.org', role: 'user', auth: 'token', expires_at: null },
      ...{ limits: UNLIMITED, containers_held: 0 },
    })
    const listed = await api.get('/v1/tokens', headers)
    const { tokens } = JSON.parse(listed.text)
    assert.deepEqual(
      tokens.find((one: { id: string }) => one.id === id),
      { id, ...rest, last_used_at: '2027-01-15T08:00:00.000Z' },
    )
    assert.equal(tokens.length, 2)
    const kept = await api.world.store.token(id)
    for (const secret of [token.slice(-64), kept?.hash ?? '']) assert.ok(!listed.text.includes(secret))
    assert.ok(kept && !JSON.stringify(kept).includes(token.slice(-64)))
  })

  it('sets a role, an end and limits', async () => {
    const { api, make } = await openAsAdmin()
    const limits = { containers: 2, duration: '90m', pools: ['alpine'] }
    const { text } = await make({ name: 'ci', role: 'admin', expires_in: '30d', limits })
    const { token } = JSON.parse(text)
    assert.deepEqual(await me(api, token), {
      ...{ name: 'ci', role: 'admin', auth: 'token', expires_at: '2027-02-14T08:00:00.000Z', containers_held: 0 },
      limits: { containers: 2, duration_seconds: 5_400, pools: ['alpine'] },
    })
    const dated = JSON.parse((await make({ name: 'ci', expires_at: '2027-01-15T10:30:00+02:00' })).text)
    assert.equal(dated.expires_at, '2027-01-15T08:30:00.000Z')
  })

  it('enforces each limit on a reserve', async () => {
    const { api, make } = await openAsAdmin()
    const { text } = await make({ name: 'ci', limits: { containers: 1, duration: '30m', pools: ['alpine'] } })
    const headers = { authorization: `Bearer ${JSON.parse(text).token}` }
    const reserve = (query: string) => api.get(`/reserve?username=ci&${query}`, headers)
    assert.equal((await reserve('duration=30.5')).status, 400)
    assert.equal((await reserve('duration=30&count=2')).status, 429)
    assert.equal((await reserve('duration=30')).status, 200)
    assert.equal((await reserve('duration=30')).status, 429)
    assert.equal(JSON.parse((await api.get('/v1/me', headers)).text).containers_held, 1)
  })

  it('caps the default duration by the limit, so that a reserve without a duration succeeds', async () => {
    const { api, make } = await openAsAdmin()
    const reserved = async (limits: object) => {
      const { text } = await make({ name: 'dave', limits })
      const headers = { authorization: `Bearer ${JSON.parse(text).token}` }
      const simple = await api.get('/reserve?username=dave', headers)
      assert.equal(simple.status, 200, simple.text)
      const made = await api.ask('POST', '/v1/reservations', headers)
      assert.equal(made.status, 201, made.text)
      const { active_at: began, expires_at: ends } = JSON.parse(made.text)
      return [JSON.parse(simple.text).duration_minutes, (Date.parse(ends) - Date.parse(began)) / MINUTE]
    }
    assert.deepEqual(await reserved({ duration: '10m' }), [10, 10])
    assert.deepEqual(await reserved({ duration: '100s' }), [100 / 60, 100 / 60])
    assert.deepEqual(await reserved({ duration: '2h' }), [60, 60])
  })

  const name = 'must be 1 to 63 of A-Z a-z 0-9 . _ @ -, and start with a letter or a digit'
  const wrong: readonly [title: string, body: object, ...errors: [path: string, message: string][]][] = [
    ['no name', {}, ['name', 'is missing']],
    ['an empty name', { name: '' }, ['name', `${name}, got ""`]],
    ['a name like those of the provider', { name: 'oidc:alice' }, ['name', `${name}, got "oidc:alice"`]],
    ['a name that is too long', { name: 'a'.repeat(64) }, ['name', `${name}, got "${'a'.repeat(64)}"`]],
    ['the name of everybody', { name: 'anyone' }, ['name', 'must not be anyone, which is reserved']],
    ['the name of the manager', { name: 'berth' }, ['name', 'must not be berth, which is reserved']],
    ['another role', { name: 'a', role: 'root' }, ['role', 'must be one of admin, user, got "root"']],
    [
      'what is unknown',
      { name: 'a', colour: 'red' },
      ['colour', 'is unknown; allowed: name, role, expires_in, expires_at, limits'],
    ],
    [
      'two ends',
      { name: 'a', expires_in: '1d', expires_at: '2028-01-01T00:00:00Z' },
      ['expires_in', 'must not be combined with expires_at'],
    ],
    [
      'an end in the past',
      { name: 'a', expires_at: '2027-01-15T08:00:00Z' },
      ['expires_at', 'must be an RFC 3339 timestamp within the next ten years, got "2027-01-15T08:00:00Z"'],
    ],
    [
      'a day that there is not',
      { name: 'a', expires_at: '2027-02-30T08:00:00Z' },
      ['expires_at', 'must be an RFC 3339 timestamp like 2026-11-24T17:00:00Z, got "2027-02-30T08:00:00Z"'],
    ],
    [
      'an end that never comes',
      { name: 'a', expires_in: '99999d' },
      ['expires_in', 'must be a duration like 90d, from 1s to ten years, got "99999d"'],
    ],
    [
      'a span of nothing',
      { name: 'a', expires_in: '0s' },
      ['expires_in', 'must be a duration like 90d, from 1s to ten years, got "0s"'],
    ],
    [
      'everything at once',
      { name: '-', expires_in: 'soon', limits: { duration: '30s', pools: ['alpine', 'arch'] } },
      ['name', `${name}, got "-"`],
      ['expires_in', 'must be a duration like 90d, from 1s to ten years, got "soon"'],
      ['limits.duration', 'must be a duration like 90m, 2h or PT1H30M, at least 1 minute, got "30s"'],
      ['limits.pools', 'must be among: alpine, got "arch"'],
    ],
  ]
  for (const [title, body, ...errors] of wrong) {
    it(`422 ${title}, and there is no token`, async () => {
      const { api, make } = await openAsAdmin()
      const { status, text } = await make(body)
      assert.equal(status, 422, text)
      assert.deepEqual(
        JSON.parse(text).errors.map(({ path, message }: { path: string; message: string }) => [path, message]),
        errors,
      )
      assert.equal((await api.world.store.tokens()).length, 1)
    })
  }

  it('413 for a body that is too long, but 401 before it is read', async () => {
    const { api, headers } = await openAsAdmin()
    const body = JSON.stringify({ name: 'a'.repeat(70_000) })
    const { status, text } = await api.ask('POST', '/v1/tokens', { ...headers, ...JSON_TYPE }, body)
    assert.deepEqual({ status, code: JSON.parse(text).code }, { status: 413, code: 'invalid_request' })
    assert.equal((await api.ask('POST', '/v1/tokens', JSON_TYPE, body)).status, 401)
  })
})

describe('DELETE /v1/tokens/{id}', () => {
  it('invalidates the token, and leaves its reservations', async () => {
    const { api, headers } = await openAsAdmin()
    const { token, ...alice } = await api.give('alice')
    await api.get('/reserve?username=alice', alice.headers)
    const { status, text } = await api.ask('DELETE', `/v1/tokens/${token.id}`, headers)
    assert.deepEqual({ status, body: JSON.parse(text) }, { status: 200, body: { id: token.id, deleted: true } })
    assert.equal((await api.get('/v1/me', alice.headers)).status, 401)
    assert.deepEqual(api.world.logins(), ['alice@alpine-1'])
    assert.equal((await api.ask('DELETE', `/v1/tokens/${token.id}`, headers)).status, 404)
    assert.equal((await api.world.store.tokens()).length, 1)
  })
})

describe('events', () => {
  it('show who made and deleted which token, and no secret', async () => {
    const { api, headers, make } = await openAsAdmin()
    const { id, token } = JSON.parse((await make({ name: 'alice' })).text)
    await api.ask('DELETE', `/v1/tokens/${id}`, headers)
    const events = await api.world.store.events({ after: 0, limit: 100 })
    const told = events.filter(({ kind, by }) => kind.startsWith('token.') && by === 'root')
    assert.deepEqual(
      told.map(({ kind, detail }) => `${kind} ${detail}`),
      [`token.created ${id}: alice, user`, `token.deleted ${id}: alice, user`],
    )
    assert.ok(!JSON.stringify(events).includes(token.slice(-64)))
  })
})

describe('GET /v1/me', () => {
  it('counts reserved and waiting containers', async () => {
    const api = await openTokenApi()
    const { headers } = await api.give('alice')
    await api.get('/reserve?username=alice&count=9', headers)
    const body = JSON.stringify({ count: 2, wait: '10m' })
    assert.equal((await api.ask('POST', '/v1/reservations', { ...headers, ...JSON_TYPE }, body)).status, 202)
    assert.equal((await me(api, headers['authorization']?.slice(7) ?? '')).containers_held, 11)
  })
})
