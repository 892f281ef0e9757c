/** Values of a body are not converted; values of a URL are text. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openApi } from '../../../lab/api.ts'

const JSON_BODY = { 'content-type': 'application/json' }

describe('a body', () => {
  const wrong: [method: string, url: string, body: string, path: string][] = [
    ['POST', '/v1/reservations', '{"count":"2"}', 'count'],
    ['POST', '/v1/reservations', '{"count":true}', 'count'],
    ['POST', '/v1/reservations', '{"count":null}', 'count'],
    ['POST', '/v1/reservations', '{"username":5}', 'username'],
    ['POST', '/v1/reservations', '{"password":false}', 'password'],
    ['POST', '/v1/reservations', '{"password":null}', 'password'],
    ['POST', '/v1/reservations', '{"note":1}', 'note'],
    ['POST', '/v1/reservations', '{"ssh_keys":["a",1]}', 'ssh_keys[1]'],
    ['POST', '/v1/release-all', '{"pool":null}', 'pool'],
    ['POST', '/v1/release-all', '{"username":false}', 'username'],
    ['POST', '/v1/tokens', '{"name":"ci","limits":{"containers":false}}', 'limits.containers'],
    ['POST', '/v1/tokens', '{"name":"ci","limits":{"containers":"3"}}', 'limits.containers'],
    ['POST', '/v1/tokens', '{"name":7}', 'name'],
    ['PATCH', '/v1/pools/alpine', '{"size":false}', 'size'],
    ['PATCH', '/v1/pools/alpine', '{"size":""}', 'size'],
  ]
  for (const [method, url, body, path] of wrong) {
    it(`${method} ${url} ${body} is not converted`, async () => {
      const api = await openApi()
      const before = await api.everything()
      const { status, text } = await api.ask(method, url, JSON_BODY, body)
      const { code, errors } = JSON.parse(text)
      assert.deepEqual([status, code], [422, 'invalid_request'])
      assert.ok(
        errors.some((violation: { path: string }) => violation.path === path),
        text,
      )
      assert.equal(await api.everything(), before)
      assert.deepEqual(await api.world.store.tokens(), [])
    })
  }
})

describe('a query', () => {
  it('has numbers', async () => {
    const api = await openApi()
    assert.equal((await api.get('/v1/reservations?limit=5')).status, 200)
    assert.equal((await api.get('/v1/events?limit=5&after=0')).status, 200)
    for (const limit of ['', 'five', '5.5', 'true', 'null']) {
      assert.equal((await api.get(`/v1/events?limit=${limit}`)).status, 422, limit)
    }
  })
})
