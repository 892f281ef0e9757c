/** What users see of containers, pools, events and usage, and what only admins may do with them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BerthError } from '../../../src/domain/errors.ts'
import { UNLIMITED } from '../../../src/domain/identity.ts'
import { listening } from '../../../lab/api.ts'
import { type TokenApi, openTokenApi } from '../../support/http/token-api.ts'
import { listen, told } from '../../support/engine/listener.ts'
import { problem as expected, withoutId } from '../../support/http/problem.ts'

const JSON_BODY = { 'content-type': 'application/json' }
const MINUTE = 60_000

type Person = Awaited<ReturnType<TokenApi['give']>>

async function ask(api: TokenApi, { headers }: Person, method: string, url: string, body?: object) {
  const answer = await api.ask(method, url, { ...headers, ...(body && JSON_BODY) }, body && JSON.stringify(body))
  return { status: answer.status, body: JSON.parse(answer.text) }
}

/** alice has one container for ten minutes, bob two for five. */
async function inUse(options: Parameters<typeof openTokenApi>[0] = {}) {
  const api = await openTokenApi(options)
  const [alice, bob, root] = [await api.give('alice'), await api.give('bob'), await api.give('root', 'admin')]
  await ask(api, alice, 'POST', '/v1/reservations', { username: 'a', duration: '10m' })
  await ask(api, bob, 'POST', '/v1/reservations', { username: 'b', duration: '5m', count: 2 })
  return { api, alice, bob, root }
}

describe('a user', () => {
  const forbidden: [method: string, url: string, body?: object][] = [
    ['POST', '/v1/containers/alpine-9/recycle'],
    ['POST', '/v1/containers/alpine-9/quarantine'],
    ['POST', '/v1/containers/alpine-9/return'],
    ['POST', '/v1/containers/alpine-1/recycle'],
    ['POST', '/v1/containers/nothing/recycle'],
    ['POST', '/v1/reload'],
    ['GET', '/v1/managers'],
    ['GET', '/v1/nodes'],
    ['PATCH', '/v1/pools/alpine', { size: 1 }],
    ['PATCH', '/v1/pools/alpine', { nonsense: true }],
    ['PATCH', '/v1/pools/nothing', { size: 1 }],
  ]
  for (const [method, url, body] of forbidden) {
    it(`may not ${method} ${url} ${JSON.stringify(body ?? '')}, and nothing happens`, async () => {
      const { api, alice } = await inUse()
      const before = await api.everything()
      const answer = await ask(api, alice, method, url, body)
      const why = 'only an admin may do this; ask one, or use an admin token'
      assert.deepEqual([answer.status, withoutId(answer.body)], [403, expected('forbidden', why)])
      assert.equal(await api.everything(), before)
    })
  }

  it('sees all containers, but only their own reservations on them', async () => {
    const { api, alice, bob, root } = await inUse()
    const seen = async (person: Person) => {
      const { body } = await ask(api, person, 'GET', '/v1/containers?state=reserved')
      return body.containers.map(({ name, reservation }: Record<string, string>) => `${name} ${reservation}`)
    }
    assert.deepEqual(await seen(alice), ['alpine-1 r1', 'alpine-2 null', 'alpine-3 null'])
    assert.deepEqual(await seen(bob), ['alpine-1 null', 'alpine-2 r2', 'alpine-3 r2'])
    assert.deepEqual(await seen(root), ['alpine-1 r1', 'alpine-2 r2', 'alpine-3 r2'])
    assert.equal((await ask(api, bob, 'GET', '/v1/containers/alpine-1')).body.reservation, null)
    assert.equal((await ask(api, bob, 'GET', '/v1/containers/alpine-2')).body.reservation, 'r2')
  })

  it('sees the pools', async () => {
    const { api, alice } = await inUse()
    const { body } = await ask(api, alice, 'GET', '/v1/pools')
    const { reserved, ready } = body.pools[0].containers
    assert.deepEqual([reserved, ready], [3, 7])
  })

  it('sees only their own usage, in every grouping', async () => {
    const { api, alice, bob, root } = await inUse()
    api.world.advance(5 * MINUTE)
    const rows = async (person: Person, by: string) => {
      const { body } = await ask(api, person, 'GET', `/v1/usage?by=${by}`)
      return body.rows.map((row: Record<string, unknown>) => `${row['key']} ${row['container_minutes']}`)
    }
    assert.deepEqual(await rows(root, 'user'), ['alice 5', 'bob 10'])
    assert.deepEqual(await rows(alice, 'user'), ['alice 5'])
    assert.deepEqual(await rows(bob, 'user'), ['bob 10'])
    assert.deepEqual(await rows(bob, 'username'), ['b 10'])
    assert.deepEqual(await rows(alice, 'pool'), ['alpine 5'])
    assert.deepEqual(await rows(alice, 'day'), ['2027-01-15 5'])
    const csv = await api.server.inject({ url: '/v1/usage?format=csv', headers: alice.headers })
    assert.deepEqual(csv.payload.split('\r\n').slice(1), ['alice,1,5,0,0', ''])
  })

  it('sees only events of their own reservations, also with a filter for others', async () => {
    const { api, alice, bob, root } = await inUse()
    await ask(api, root, 'DELETE', '/v1/reservations/r1')
    const all = (await ask(api, root, 'GET', '/v1/events?limit=1000')).body.events
    for (const person of [alice, bob]) {
      const { name } = person.token
      const { body } = await ask(api, person, 'GET', '/v1/events')
      assert.ok(body.events.length >= 4)
      assert.deepEqual(
        body.events,
        all.filter(({ owner }: { owner: string }) => owner === name),
      )
    }
    assert.ok(all.some(({ kind, by }: Record<string, string>) => kind === 'reservation.ending' && by === 'root'))
    for (const query of ['reservation=r2', 'container=alpine-2', 'kind=token.created', 'kind=container.ready']) {
      assert.deepEqual((await ask(api, alice, 'GET', `/v1/events?${query}`)).body, { events: [], next: null }, query)
    }
  })

  it('gets only events of their own reservations from a stream, past and new', async () => {
    const { api, alice, bob, root } = await inUse()
    const { address } = await listening(api)
    const hearing = await listen(address, '?after=0', alice.headers)
    const deaf = await listen(address, '?reservation=r2&after=0', alice.headers)
    const everything = await listen(address, '?after=0', root.headers)
    await ask(api, bob, 'DELETE', '/v1/reservations/r2')
    await ask(api, alice, 'DELETE', '/v1/reservations/r1')
    await hearing.heard(6)
    const last = Number(hearing.messages.at(-1)?.id)
    await everything.heard(last)
    const theirs = everything.messages.map(told).filter(({ owner }) => owner === 'alice')
    assert.deepEqual(hearing.messages.map(told), theirs)
    assert.deepEqual(deaf.messages, [])
  })
})

describe('a stream of events', () => {
  const streaming = { heartbeatMs: 50, idleTimeoutMs: 5_000 }

  it('is refused without a valid token', async () => {
    const { api } = await inUse()
    const answer = await api.server.inject({ url: '/v1/events', headers: { accept: 'text/event-stream' } })
    assert.equal(answer.statusCode, 401)
  })

  it('ends when its token is deleted, and the others go on', async () => {
    const { api, alice, root } = await inUse({ streaming })
    const { address } = await listening(api)
    const [theirs, roots] = [await listen(address, '', alice.headers), await listen(address, '', root.headers)]
    await theirs.heard(1, 'comments')
    await ask(api, root, 'DELETE', `/v1/tokens/${alice.token.id}`)
    assert.equal(await theirs.over, 'end')
    await roots.heard(1)
    const comments = roots.comments.length
    await roots.heard(comments + 2, 'comments')
  })

  it('ends when its token expires', async () => {
    const api = await openTokenApi({ streaming })
    const carol = await api.give('carol', 'user', { expiresAt: api.world.now() + MINUTE })
    const { address } = await listening(api)
    const listener = await listen(address, '', carol.headers)
    await listener.heard(2, 'comments')
    api.world.advance(MINUTE)
    assert.equal(await listener.over, 'end')
  })

  it('continues while its token cannot be checked', async () => {
    let problem: BerthError | null = null
    const signOn = () => async () => {
      if (problem) throw problem
      return { identity: { name: 'oidc:x', role: 'user', limits: UNLIMITED }, auth: 'oidc', expiresAt: null } as const
    }
    const api = await openTokenApi({ streaming, signOn })
    const { address } = await listening(api)
    const listener = await listen(address, '', { authorization: 'Bearer a.b.c' })
    problem = new BerthError('sign_on_unavailable', 'the identity provider does not answer')
    await listener.heard(3, 'comments')
    problem = new BerthError('unauthorized', 'this token has expired')
    assert.equal(await listener.over, 'end')
  })
})
