/** Requests beyond the limit of an identity, or of an address without one, are refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openApi } from '../../../lab/api.ts'
import { bearer, openTokenApi } from '../../support/http/token-api.ts'
import { problem, withoutId } from '../../support/http/problem.ts'

describe('rate limits', () => {
  it('429 beyond the limit of a minute, with Retry-After', async () => {
    const api = await openTokenApi({ rateLimit: 3 })
    const { headers } = await api.give('alice')
    for (let sent = 0; sent < 3; sent += 1) assert.equal((await api.get('/v1/me', headers)).status, 200)
    api.world.advance(20_000)
    const { status, headers: told, text } = await api.get('/v1/me', headers)
    assert.equal(status, 429)
    assert.equal(told['retry-after'], '40')
    assert.equal(told['content-type'], 'application/problem+json; charset=utf-8')
    const message = 'too many requests; you may send 3 a minute; try again in 40 s'
    assert.deepEqual(withoutId(text), problem('rate_limited', message))
    assert.equal((await api.get('/reserve?username=a', headers)).text, JSON.stringify({ error: message }))
    assert.deepEqual(api.world.logins(), [])
    api.world.advance(40_000)
    assert.equal((await api.get('/v1/me', headers)).status, 200)
  })

  it('says how many requests are left, on answers that count', async () => {
    const api = await openTokenApi({ rateLimit: 3 })
    const { headers } = await api.give('alice')
    const told = async (url: string, some = headers) => {
      const answer = await api.server.inject({ url, headers: some })
      return [answer.statusCode, answer.headers['ratelimit-policy'], answer.headers['ratelimit']]
    }
    const policy = '"default";q=3;w=60'
    assert.deepEqual(await told('/v1/me'), [200, policy, '"default";r=2;t=60'])
    api.world.advance(15_000)
    assert.deepEqual(await told('/reserve'), [400, policy, '"default";r=1;t=45'])
    assert.deepEqual(await told('/v1/nothing'), [404, policy, '"default";r=2;t=60'])
    assert.deepEqual(await told('/v1/me'), [200, policy, '"default";r=0;t=45'])
    assert.deepEqual(await told('/v1/me'), [429, policy, '"default";r=0;t=45'])
    assert.deepEqual(await told('/healthz'), [200, undefined, undefined])
    const unlimited = await openTokenApi()
    const free = await unlimited.server.inject({ url: '/v1/me', headers: (await unlimited.give('bob')).headers })
    assert.equal(free.headers['ratelimit'], undefined)
  })

  it('counts by name, whatever the address and the token, separately for each name', async () => {
    const api = await openTokenApi({ rateLimit: 2 })
    const [alice, again, bob] = [await api.give('alice'), await api.give('alice'), await api.give('bob')]
    const from = async (remoteAddress: string, headers: Record<string, string>) =>
      (await api.server.inject({ url: '/v1/me', headers, remoteAddress })).statusCode
    assert.equal(await from('192.0.2.1', alice.headers), 200)
    assert.equal(await from('192.0.2.2', again.headers), 200)
    assert.equal(await from('192.0.2.3', alice.headers), 429)
    assert.equal(await from('192.0.2.1', bob.headers), 200)
  })

  it('counts requests without a valid token by address, and admits valid tokens of that address', async () => {
    const api = await openTokenApi({ rateLimit: 2 })
    const { headers } = await api.give('alice')
    const from = async (remoteAddress: string, url: string, some: Record<string, string> = {}) =>
      (await api.server.inject({ url, headers: some, remoteAddress })).statusCode
    assert.equal(await from('192.0.2.1', '/openapi.json'), 200)
    assert.equal(await from('192.0.2.1', '/v1/me'), 401)
    assert.equal(await from('192.0.2.1', '/v1/me'), 429)
    assert.equal(await from('192.0.2.1', '/v1/me', bearer('berth_x')), 429)
    assert.equal(await from('192.0.2.1', '/docs'), 429)
    assert.equal(await from('192.0.2.1', '/nowhere'), 429)
    assert.equal(await from('192.0.2.1', '/v1/me', headers), 200)
    assert.equal(await from('::ffff:192.0.2.1', '/docs'), 429)
    assert.equal(await from('192.0.2.2', '/docs'), 200)
  })

  it('counts an IPv6 network as one address: a client has 2^64 of them', async () => {
    const api = await openTokenApi({ rateLimit: 1 })
    const from = async (remoteAddress: string) =>
      (await api.server.inject({ url: '/openapi.json', remoteAddress })).statusCode
    assert.equal(await from('2001:db8::1'), 200)
    assert.equal(await from('2001:db8::ffff:1'), 429)
    assert.equal(await from('2001:db8:0:1::1'), 200)
  })

  it('never refuses a probe', async () => {
    const api = await openTokenApi({ rateLimit: 1 })
    for (let sent = 0; sent < 3; sent += 1) {
      for (const path of ['/healthz', '/readyz']) assert.equal((await api.get(path)).status, 200)
    }
  })

  it('counts addresses with `auth: none`', async () => {
    const api = await openApi({ access: () => ({ rateLimit: 1 }) })
    const from = async (remoteAddress: string) =>
      (await api.server.inject({ url: '/available', remoteAddress })).statusCode
    assert.deepEqual([await from('127.0.0.1'), await from('127.0.0.1'), await from('127.0.0.2')], [200, 429, 200])
  })

  it('counts nothing without a limit', async () => {
    const api = await openTokenApi()
    for (let sent = 0; sent < 20; sent += 1) assert.equal((await api.get('/v1/me')).status, 401)
  })
})
