/** Reserves that wait in the queue, and reserves that are repeated. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { openMetrics } from '../../../src/http/ops/metrics.ts'
import { idempotentRequest } from '../../../src/usecases/idempotency.ts'
import { passwordFor } from '../../../src/usecases/passwords/passwords.ts'
import { buildServer } from '../../../src/http/server.ts'
import { BUILD, type Api, contextOf, listening, openApi } from '../../../lab/api.ts'
import { eventually } from '../../../lab/eventually.ts'
import { pool } from '../../../lab/rows.ts'

const MINUTE = 60_000
const POOLS = [pool({ name: 'alpine', size: 2 })]

const json = { 'content-type': 'application/json' }

async function ask(api: Api, method: string, url: string, body?: object, headers: Record<string, string> = {}) {
  const sent = body ? { ...json, ...headers } : headers
  const answer = await api.ask(method, url, sent, body && JSON.stringify(body))
  return { status: answer.status, headers: answer.headers, body: JSON.parse(answer.text) }
}

const post = (api: Api, body: object, headers: Record<string, string> = {}) =>
  ask(api, 'POST', '/v1/reservations', body, headers)

describe('a reserve that can wait', () => {
  it('is answered 202 with its position, is shown, and is served in order', async () => {
    const api = await openApi({ pools: POOLS })
    await post(api, { username: 'alice', count: 2, duration: '5m' })
    const bob = await post(api, { username: 'bob', wait: '10m', duration: '30m' })
    assert.equal(bob.status, 202)
    assert.equal(bob.headers['location'], `/v1/reservations/${bob.body.id}`)
    assert.match(bob.body.password, /^[a-zA-Z2-9]{20}$/)
    const now = api.world.now()
    assert.deepEqual(
      [bob.body.state, bob.body.count, bob.body.containers, bob.body.expires_at, bob.body.wait_until],
      ['waiting', 1, [], null, new Date(now + 10 * MINUTE).toISOString()],
    )
    assert.deepEqual(bob.body.queue, {
      position: 1,
      estimated_start: new Date(now + 5 * MINUTE + 2_000).toISOString(),
      problem: null,
    })
    const carol = await post(api, { username: 'carol', wait: '10m' })
    assert.equal(carol.body.queue.position, 2)
    const list = await ask(api, 'GET', '/v1/reservations?state=waiting')
    assert.deepEqual(
      list.body.reservations.map((r: { username: string; queue: { position: number } }) => [
        r.username,
        r.queue.position,
      ]),
      [
        ['carol', 2],
        ['bob', 1],
      ],
    )
    api.world.advance(5 * MINUTE)
    await api.world.settle()
    const { body } = await ask(api, 'GET', `/v1/reservations/${bob.body.id}`)
    assert.deepEqual([body.state, body.queue, body.containers.length, body.password], ['active', null, 1, undefined])
    assert.equal(Date.parse(body.expires_at) - Date.parse(body.active_at), 30 * MINUTE)
    assert.deepEqual(api.world.logins(), ['bob@alpine-1', 'carol@alpine-2'])
  })

  it('is answered 201 without a wait', async () => {
    const api = await openApi({ pools: POOLS })
    const { status, body } = await post(api, { wait: '10m' })
    assert.deepEqual([status, body.state, body.wait_until, body.queue], [201, 'active', null, null])
  })

  it('ends as failed at its deadline, and says why', async () => {
    const api = await openApi({ pools: POOLS })
    await post(api, { count: 2 })
    const { body } = await post(api, { wait: '90s' })
    api.world.advance(90_000)
    const before = await ask(api, 'GET', `/v1/reservations/${body.id}`)
    assert.deepEqual([before.body.state, before.body.outcome, before.body.queue], ['ending', 'failed', null])
    await api.world.settle()
    const { body: after } = await ask(api, 'GET', `/v1/reservations/${body.id}`)
    assert.deepEqual(
      [after.state, after.outcome, after.reason],
      ['ended', 'failed', 'no container of alpine came free within 90s'],
    )
  })

  it('is abandoned without keepalive calls', async () => {
    const api = await openApi({ pools: POOLS })
    await post(api, { count: 2 })
    const dead = await post(api, { wait: '1h', keepalive: '1m' })
    const alive = await post(api, { wait: '1h', keepalive: '1m' })
    api.world.advance(40_000)
    assert.equal((await ask(api, 'POST', `/v1/reservations/${alive.body.id}/keepalive`)).status, 200)
    api.world.advance(40_000)
    await api.world.settle()
    const stateOf = async (id: string) => (await ask(api, 'GET', `/v1/reservations/${id}`)).body
    assert.equal((await stateOf(dead.body.id)).outcome, 'abandoned')
    assert.equal((await stateOf(alive.body.id)).state, 'waiting')
    const late = await ask(api, 'POST', `/v1/reservations/${dead.body.id}/keepalive`)
    assert.deepEqual([late.status, late.body.code], [409, 'not_active'])
  })

  it('is not overtaken by requests that do not wait', async () => {
    const api = await openApi({ pools: POOLS })
    await post(api, {})
    await post(api, { count: 2, wait: '1h' })
    const v1 = await post(api, {})
    assert.deepEqual([v1.status, v1.body.code], [409, 'not_enough'])
    assert.equal(v1.body.detail, 'Only 0 containers available, and 1 reservation is waiting for more')
    assert.equal((await api.get('/reserve?username=eve')).status, 409)
  })

  it('can be cancelled', async () => {
    const api = await openApi({ pools: POOLS })
    await post(api, { count: 2 })
    const { body } = await post(api, { wait: '1h' })
    const gone = await ask(api, 'DELETE', `/v1/reservations/${body.id}`)
    assert.deepEqual([gone.status, gone.body.state, gone.body.outcome], [200, 'ended', 'cancelled'])
  })

  for (const wait of ['soon', '-1m', '8d', '']) {
    it(`is refused with wait "${wait}"`, async () => {
      const api = await openApi({ pools: POOLS })
      const { status, body } = await post(api, { wait })
      assert.deepEqual([status, body.errors[0].path], [422, 'wait'])
    })
  }
})

describe('an empty body', () => {
  it('counts as no body, whatever its content type', async () => {
    const api = await openApi({ pools: POOLS })
    for (const headers of [json, undefined]) {
      const { status, text } = await api.ask('POST', '/v1/reservations', headers, headers && '')
      assert.equal(status, 201, text)
    }
    const { reservations } = await api.world.store.snapshot()
    const url = `/v1/reservations/${reservations[0]?.id}`
    assert.equal((await api.ask('DELETE', url, json, '')).status, 200)
  })
})

describe('GET …?wait', () => {
  it('answers as soon as the reservation is active', async () => {
    const api = await openApi({ pools: POOLS })
    await post(api, { count: 2, duration: '1m' })
    const { body } = await post(api, { wait: '1h' })
    const asked = ask(api, 'GET', `/v1/reservations/${body.id}?wait=60`)
    api.world.advance(MINUTE)
    await api.world.settle()
    assert.equal((await asked).body.state, 'active')
    assert.equal((await ask(api, 'GET', `/v1/reservations/${body.id}?wait=60`)).body.state, 'active')
  })

  it('answers as soon as it has ended, too', async () => {
    const api = await openApi({ pools: POOLS })
    await post(api, { count: 2 })
    const { body } = await post(api, { wait: '1h' })
    const asked = ask(api, 'GET', `/v1/reservations/${body.id}?wait=60`)
    await ask(api, 'DELETE', `/v1/reservations/${body.id}`)
    assert.equal((await asked).body.outcome, 'cancelled')
  })

  it('answers with the present state when the wait is over', async () => {
    const api = await openApi({ pools: POOLS })
    await post(api, { count: 2 })
    const { body } = await post(api, { wait: '1h' })
    const shown = await ask(api, 'GET', `/v1/reservations/${body.id}?wait=0.2`)
    assert.deepEqual([shown.status, shown.body.state], [200, 'waiting'])
  })

  for (const wait of ['-1', '61', 'x']) {
    it(`is refused with wait=${wait}`, async () => {
      const api = await openApi({ pools: POOLS })
      const { body } = await post(api, {})
      assert.equal((await ask(api, 'GET', `/v1/reservations/${body.id}?wait=${wait}`)).status, 422)
    })
  }

  it('is 404 at once for an unknown reservation', async () => {
    const api = await openApi({ pools: POOLS })
    assert.equal((await ask(api, 'GET', '/v1/reservations/nobody?wait=30')).status, 404)
  })
})

describe('Idempotency-Key', () => {
  const key = { 'idempotency-key': '6f1c1a3e-88f6-4d2a-9e38-0c5f9a2b7d11' }

  it('returns the same reservation and the same generated password', async () => {
    const api = await openApi({ pools: POOLS })
    const first = await post(api, { username: 'alice', note: 'x' }, key)
    const again = await post(api, { note: 'x', username: 'alice' }, key)
    assert.deepEqual([first.status, again.status], [201, 201])
    assert.match(first.body.password, /^[a-zA-Z2-9]{20}$/)
    assert.deepEqual(again.body, first.body)
    assert.deepEqual(api.world.logins(), ['alice@alpine-1'])
    const other = await post(api, { username: 'alice', note: 'x' }, { 'idempotency-key': 'another' })
    assert.notEqual(other.body.password, first.body.password)
  })

  it('returns the same words', async () => {
    const api = await openApi({ pools: POOLS })
    const first = await post(api, { password_style: 'words' }, key)
    assert.match(first.body.password, /^[a-z]+(-[a-z]+){3}$/)
    assert.deepEqual((await post(api, { password_style: 'words' }, key)).body, first.body)
    assert.equal((await post(api, {}, key)).status, 409)
  })

  it('is refused for another request', async () => {
    const api = await openApi({ pools: POOLS })
    await post(api, { username: 'alice' }, key)
    const before = await api.everything()
    for (const body of [{ username: 'bob' }, { username: 'alice', password: 'x' }, {}]) {
      const { status, body: problem } = await post(api, body, key)
      assert.deepEqual([status, problem.code], [409, 'idempotency_mismatch'])
    }
    assert.equal(await api.everything(), before)
  })

  it('allows a new attempt after one that took nothing, or failed', async () => {
    const api = await openApi({ pools: POOLS })
    const { body } = await post(api, { count: 2 })
    assert.equal((await post(api, { username: 'alice' }, key)).status, 409)
    await ask(api, 'DELETE', `/v1/reservations/${body.id}`)
    await api.world.settle()
    assert.equal((await post(api, { username: 'alice' }, key)).status, 201)
  })

  it('returns a waiting reservation again, with its password, until it is active', async () => {
    const api = await openApi({ pools: POOLS })
    await post(api, { count: 2, duration: '1m' })
    const first = await post(api, { wait: '1h' }, key)
    assert.deepEqual(await post(api, { wait: '1h' }, key).then(({ status, body }) => [status, body]), [202, first.body])
    api.world.advance(MINUTE)
    await api.world.settle()
    const again = await post(api, { wait: '1h' }, key)
    assert.deepEqual([again.status, again.body.state, again.body.password], [201, 'active', first.body.password])
  })

  it('is forgotten after a day', async () => {
    const api = await openApi({ pools: POOLS })
    const first = await post(api, {}, key)
    api.world.advance(24 * 60 * MINUTE)
    await api.world.settle()
    assert.notEqual((await post(api, {}, key)).body.id, first.body.id)
  })

  for (const bad of ['', 'with space', 'ü', 'x'.repeat(256)]) {
    it(`is refused when it is "${bad.slice(0, 12)}"`, async () => {
      const api = await openApi({ pools: POOLS })
      const { status, body } = await post(api, {}, { 'idempotency-key': bad })
      assert.deepEqual([status, body.errors[0].path], [422, 'Idempotency-Key'])
    })
  }

  it('finds the reservation whose answer was lost', async () => {
    const api = await openApi({ pools: POOLS })
    const { port } = await listening(api)
    const sent = JSON.stringify({ username: 'alice' })
    const socket = connect(port, '127.0.0.1')
    const head = [
      'POST /v1/reservations HTTP/1.1',
      'host: localhost',
      'content-type: application/json',
      `content-length: ${sent.length}`,
      `idempotency-key: ${key['idempotency-key']}`,
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n${sent}`, () => socket.destroy())
    await eventually(async () => (await api.world.store.snapshot()).reservations.length === 1)
    const again = await post(api, { username: 'alice' }, key)
    assert.match(again.body.password, /^[a-zA-Z2-9]{20}$/)
    const { reservations } = await api.world.store.snapshot()
    assert.deepEqual(
      reservations.map((r) => r.id),
      [again.body.id],
    )
  })

  it('returns the same password after a restart, and the database alone does not reveal it', async () => {
    const requestSecret = Buffer.alloc(32, 1)
    const guessable = { 'idempotency-key': 'build-17' }
    const api = await openApi({ pools: POOLS, access: () => ({ requestSecret }) })
    const { body } = await post(api, {}, guessable)
    const { salt = '', body: mac = '' } =
      (await api.world.store.earlier('anyone', hash('sha256', 'build-17'), api.world.now())) ?? {}
    const guess = (secret: Uint8Array) => {
      const idempotency = idempotentRequest('build-17', {}, secret)
      return { password: passwordFor({ idempotency }).shown(salt), body: idempotency.key.body }
    }
    assert.deepEqual(guess(Buffer.from(requestSecret)), { password: body.password, body: mac })
    const other = guess(Buffer.alloc(32))
    assert.notEqual(other.password, body.password)
    assert.notEqual(other.body, mac)
    // Only a random password is hashed with fewer rounds.
    const idempotency = idempotentRequest('build-17', {}, requestSecret)
    assert.equal(passwordFor({ idempotency }).isRandom, false)
    assert.equal(passwordFor({}).isRandom, true)
  })

  it('says that a password cannot be shown again when the secret was lost', async () => {
    const secret = { requestSecret: Buffer.alloc(32, 1) }
    const api = await openApi({ pools: POOLS, access: () => secret })
    const { body } = await post(api, {}, key)
    const after = buildServer({
      ...contextOf(api.world, { pools: api.world.pools, metrics: openMetrics(BUILD), store: api.world.store }),
      requestSecret: Buffer.alloc(32, 2),
    })
    const answer = await after.inject({
      ...{
        method: 'POST',
        url: '/v1/reservations',
        headers: { ...key, 'content-type': 'application/json' },
        body: '{}',
      },
    })
    await after.close()
    const problem = JSON.parse(answer.payload) as { code: string; detail: string }
    assert.deepEqual([answer.statusCode, problem.code], [409, 'idempotency_mismatch'])
    assert.match(problem.detail, new RegExp(`cannot be shown again; release reservation ${body.id}`))
  })

  it('stores neither the key nor the password', async () => {
    const api = await openApi({ pools: POOLS })
    const { body } = await post(api, {}, key)
    const earlier = await api.world.store.events({ after: 0, limit: 1000 })
    const kept = `${await api.everything()} ${JSON.stringify(earlier)} ${api.world.logged.join()}`
    assert.ok(!kept.includes(body.password) && !kept.includes(key['idempotency-key']))
  })
})

describe('POST /v1/release-all', () => {
  it('ends everything, or everything of a pool or an account', async () => {
    const pools = [pool({ name: 'a', size: 3 }), pool({ name: 'b', size: 1, ports: [3000] })]
    const api = await openApi({ pools })
    const ids = new Map<string, string>()
    for (const [username, name] of [
      ['ann', 'a'],
      ['bob', 'a'],
      ['cat', 'a'],
      ['ann', 'b'],
    ] as const) {
      ids.set(`${username} ${name}`, (await post(api, { username, pool: name })).body.id)
    }
    const all = async (body?: object) => (await ask(api, 'POST', '/v1/release-all', body)).body.released
    assert.deepEqual(await all({ username: 'ann', pool: 'b' }), [ids.get('ann b')])
    assert.deepEqual(await all({ username: 'bob' }), [ids.get('bob a')])
    assert.deepEqual(api.world.logins(), ['ann@a-1', 'cat@a-3'])
    assert.deepEqual(await all(), [ids.get('ann a'), ids.get('cat a')])
    assert.deepEqual(await all({}), [])
    assert.equal((await ask(api, 'POST', '/v1/release-all', { pol: 'a' })).status, 422)
  })
})
