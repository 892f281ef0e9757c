/** Two users try every endpoint on each other's reservations, which must look as if they did not exist. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type TokenApi, openTokenApi } from '../../support/http/token-api.ts'
import { pool } from '../../../lab/rows.ts'
import { withoutId } from '../../support/http/problem.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const POOLS = [pool({ name: 'alpine', size: 2, hold: { max: 3_600_000, containers: 2 } })]

type Headers = Record<string, string>

interface Scene {
  readonly api: TokenApi
  readonly ann: Headers
  readonly bob: Headers
  readonly admin: Headers
  /** Ann's reservations: one active, one waiting, one ended. */
  readonly theirs: readonly string[]
  /** Id of Ann's session in a browser. */
  readonly session: string
}

/** All values of Ann contain her mark, so that a leak is found. */
const MARK = 'annsecret'

async function scene(): Promise<Scene> {
  const api = await openTokenApi({ pools: POOLS })
  const { headers: ann, text: token } = await api.give(`${MARK}-owner`)
  const signedIn = await api.ask('POST', '/v1/session', JSON_TYPE, JSON.stringify({ token }))
  const { session } = JSON.parse(signedIn.text)
  const { headers: bob } = await api.give('bob')
  const { headers: admin } = await api.give('root', 'admin')
  const reserve = async (body: object) => {
    const wanted = JSON.stringify({ username: `${MARK}user`, note: `${MARK} note`, ...body })
    const answer = await api.ask('POST', '/v1/reservations', { ...ann, ...JSON_TYPE }, wanted)
    assert.ok(answer.status < 300, answer.text)
    return JSON.parse(answer.text).id as string
  }
  const over = await reserve({})
  await api.ask('DELETE', `/v1/reservations/${over}`, ann)
  await api.world.settle()
  const active = await reserve({ count: 2, keepalive: '1h' })
  const waiting = await reserve({ wait: '1h', keepalive: '1h' })
  const row = await api.world.store.container('alpine-1')
  assert.ok(row)
  // Errors of one tenant are not shown to another.
  await api.world.store.updateContainer(row, { error: `no account for ${MARK}user` }, api.world.now())
  api.world.advance(60_000)
  return { api, ann, bob, admin, theirs: [active, waiting, over], session: session.id }
}

/** Endpoints that name a reservation. */
const TOUCHES: readonly [method: string, path: string, body?: object][] = [
  ['GET', '/v1/reservations/{id}'],
  ['PATCH', '/v1/reservations/{id}', { extend: '5m' }],
  ['PATCH', '/v1/reservations/{id}', { note: 'taken over' }],
  ['DELETE', '/v1/reservations/{id}'],
  ['POST', '/v1/reservations/{id}/keepalive'],
  ['POST', '/v1/reservations/{id}/hold', { duration: '5m' }],
]

/** Acts on a container of the caller's reservation. The names of containers are no secret. */
const RESET = ['POST', '/v1/containers/{name}/reset'] as const

/** Ends a session. */
const SIGN_OUT = ['DELETE', '/v1/sessions/{id}'] as const

/** Endpoints that show each caller only their own. */
const LISTS = [
  ...['/v1/reservations', `/v1/reservations?owner=${MARK}-owner`, `/v1/reservations?username=${MARK}user`],
  ...['/v1/containers', '/v1/containers/alpine-1', '/v1/pools', '/v1/events', `/v1/events?container=alpine-1`],
  ...['/v1/usage', '/v1/usage?by=username', '/v1/usage?by=pool', '/v1/usage?format=csv', '/v1/me'],
  ...['/available', '/reservations', '/v1/known_hosts', '/v1/session', '/v1/sessions'],
  ...['/v1/series', '/v1/series?format=csv', '/v1/terminals'],
]

/** Endpoints for admins only. */
const FORBIDDEN: readonly [method: string, path: string, body?: object][] = [
  ['POST', '/v1/release-all', {}],
  ['POST', '/v1/containers/{name}/recycle'],
  ['POST', '/v1/containers/{name}/quarantine'],
  ['POST', '/v1/containers/{name}/return'],
  ['PATCH', '/v1/pools/{name}', { size: 0 }],
  ['GET', '/v1/tokens'],
  ['GET', '/v1/managers'],
  ['GET', '/v1/nodes'],
  ['POST', '/v1/tokens', { name: 'mine', role: 'admin' }],
  ['DELETE', '/v1/tokens/{id}'],
  ['POST', '/v1/reload'],
  ['GET', '/release_all'],
  ['GET', '/metrics'],
]

/** Tested in test/http/terminals and test/http/tunnels. */
const WEBSOCKETS = [
  ...['POST /v1/containers/{name}/terminals', 'GET /v1/terminals/{id}', 'DELETE /v1/terminals/{id}'],
  ...['POST /v1/terminals/{id}/tickets', 'GET /v1/containers/{name}/ssh'],
]

/** Endpoints that are open, or that concern the caller alone. */
const HARMLESS = [
  ...['GET /', 'GET /openapi.json', 'GET /healthz', 'GET /readyz', 'POST /v1/reservations', 'GET /reserve'],
  ...['POST /v1/session', 'DELETE /v1/session', 'GET /v1/session/oidc', 'GET /v1/session/oidc/callback'],
]

const ask = ({ api }: Scene, by: Headers, method: string, path: string, body?: object) =>
  api.server.inject({
    ...{ method: method as 'GET', url: path, headers: body ? { ...by, ...JSON_TYPE } : by },
    ...(body && { body: JSON.stringify(body) }),
  })

/** Without fields that depend on the time. */
const everything = async ({ api }: Scene) => `${await api.everything()} ${await api.world.store.latestEvent()}`

describe('two users', () => {
  it('cover every endpoint in this test', async () => {
    const { api } = await scene()
    const { paths } = JSON.parse((await api.get('/openapi.json')).text)
    const described = Object.entries<object>(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const tried = [
      ...[...TOUCHES, ...FORBIDDEN, RESET, SIGN_OUT].map(([method, path]) => `${method} ${path}`),
      ...LISTS.map((url) => `GET ${url.replace(/\?.*/, '').replace('/alpine-1', '/{name}')}`),
      ...HARMLESS,
      ...WEBSOCKETS,
    ]
    assert.deepEqual(
      described.filter((one) => !tried.includes(one)),
      [],
      'add new endpoints to this test',
    )
  })

  for (const [method, path, body] of TOUCHES) {
    it(`${method} ${path}: a reservation of the other user looks as if it did not exist`, async () => {
      const all = await scene()
      const before = await everything(all)
      const nowhere = await ask(all, all.bob, method, path.replace('{id}', 'nowhere'), body)
      assert.equal(nowhere.statusCode, 404)
      for (const id of all.theirs) {
        const answer = await ask(all, all.bob, method, path.replace('{id}', id), body)
        assert.deepEqual([answer.statusCode, withoutId(answer.payload)], [404, withoutId(nowhere.payload)], id)
      }
      assert.equal(await everything(all), before)
      const [active = ''] = all.theirs
      const theirs = await ask(all, all.ann, method, path.replace('{id}', active), body)
      assert.equal(theirs.statusCode, 200, theirs.payload)
    })
  }

  it('reset only containers of their own reservations, and learn nothing of the other user', async () => {
    const all = await scene()
    const [method, path] = RESET
    const reset = (by: Headers, name: string) => ask(all, by, method, path.replace('{name}', name))
    const before = await everything(all)
    const foreign = await reset(all.bob, 'alpine-1')
    assert.deepEqual([foreign.statusCode, foreign.payload.includes(MARK)], [409, false], foreign.payload)
    assert.equal(await everything(all), before)
    assert.equal((await reset(all.ann, 'alpine-1')).statusCode, 202)
    assert.equal((await reset(all.admin, 'alpine-2')).statusCode, 202)
  })

  it('end only their own sessions; admins end all', async () => {
    const all = await scene()
    const [method, path] = SIGN_OUT
    const end = (by: Headers, id: string) => ask(all, by, method, path.replace('{id}', id))
    const nowhere = await end(all.bob, 'nowhere')
    const foreign = await end(all.bob, all.session)
    assert.deepEqual([foreign.statusCode, withoutId(foreign.payload)], [404, withoutId(nowhere.payload)])
    const sessions = async (by: Headers) => (await ask(all, by, 'GET', '/v1/sessions')).json().sessions.length
    assert.deepEqual([await sessions(all.ann), await sessions(all.bob), await sessions(all.admin)], [1, 0, 1])
    assert.equal((await end(all.admin, all.session)).statusCode, 204)
    assert.equal((await end(all.ann, all.session)).statusCode, 404)
  })

  it('may give their reservations the same name', async () => {
    const all = await scene()
    const reserve = (by: Headers) => ask(all, by, 'POST', '/v1/reservations', { wait: '1h', name: 'web' })
    assert.deepEqual(
      await Promise.all([all.ann, all.bob].map(async (by) => (await reserve(by)).statusCode)),
      [202, 202],
    )
    const twice = await reserve(all.bob)
    assert.deepEqual([twice.statusCode, twice.payload.includes(MARK)], [409, false], twice.payload)
  })

  for (const url of LISTS) {
    it(`GET ${url}: shows nothing of the other`, async () => {
      const all = await scene()
      const asBob = await ask(all, all.bob, 'GET', url)
      assert.equal(asBob.statusCode, 200, asBob.payload)
      assert.ok(!asBob.payload.includes(MARK), asBob.payload)
      // A random key may contain something like an id.
      const keyless = asBob.payload.replaceAll(/(SHA256:|ssh-ed25519 )[\w+/]+/g, '')
      for (const id of [...all.theirs, all.session]) assert.ok(!keyless.includes(id), asBob.payload)
    })
  }

  it('see only their own in every list with owners; admins see all', async () => {
    const all = await scene()
    for (const url of ['/v1/reservations', '/v1/containers', '/v1/events', '/v1/usage', '/v1/me', '/reservations']) {
      assert.ok((await ask(all, all.ann, 'GET', url)).payload.match(`${MARK}|"r2"`), url)
      if (url !== '/v1/me') assert.ok((await ask(all, all.admin, 'GET', url)).payload.match(`${MARK}|"r2"`), url)
    }
  })

  it('get the host keys of their own containers; admins get all', async () => {
    const all = await scene()
    const linesOf = async (by: Headers) => (await ask(all, by, 'GET', '/v1/known_hosts')).payload.match(/\n/g)?.length
    assert.deepEqual(await Promise.all([all.ann, all.bob, all.admin].map(linesOf)), [2, undefined, 2])
  })

  for (const [method, path, body] of FORBIDDEN) {
    it(`${method} ${path}: only for admins`, async () => {
      const all = await scene()
      const before = await everything(all)
      const url = path.replace('{name}', path.includes('pools') ? 'alpine' : 'alpine-1').replace('{id}', 'any')
      for (const by of [all.ann, all.bob]) {
        assert.equal((await ask(all, by, method, url, body)).statusCode, 403)
      }
      assert.equal(await everything(all), before)
      const { statusCode } = await ask(all, all.admin, method, url, body)
      assert.notEqual(statusCode, 403)
    })
  }

  it('have separate Idempotency-Keys', async () => {
    const all = await scene()
    const key = { 'idempotency-key': 'shared' }
    const body = { wait: '1h' }
    const first = await ask(all, { ...all.ann, ...key }, 'POST', '/v1/reservations', body)
    const second = await ask(all, { ...all.bob, ...key }, 'POST', '/v1/reservations', body)
    assert.deepEqual([first.statusCode, second.statusCode], [202, 202])
    assert.notEqual(first.json().id, second.json().id)
    assert.notEqual(first.json().password, second.json().password)
    assert.equal(second.json().owner, 'bob')
  })
})
