import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Api, openApi } from '../../../lab/api.ts'
import { pool } from '../../../lab/rows.ts'

const MINUTE = 60_000
const KEY = `ssh-ed25519 ${'A'.repeat(68)} alice@laptop`

async function post(api: Api, body: object) {
  const answer = await api.ask('POST', '/v1/reservations', { 'content-type': 'application/json' }, JSON.stringify(body))
  return { ...answer, body: JSON.parse(answer.text) }
}

async function ask(api: Api, method: string, url: string, body?: object) {
  const headers = body ? { 'content-type': 'application/json' } : undefined
  const answer = await api.ask(method, url, headers, body && JSON.stringify(body))
  return { status: answer.status, body: JSON.parse(answer.text) }
}

describe('POST /v1/reservations', () => {
  it('answers with all fields when the account works', async () => {
    const api = await openApi()
    const now = api.world.now()
    const { status, headers, body } = await post(api, {
      username: 'alice',
      password: 'x',
      count: 2,
      duration: '90m',
      note: 'demo',
    })
    assert.equal(status, 201)
    assert.equal(headers['location'], `/v1/reservations/${body.id}`)
    const rows = (await api.world.store.snapshot()).containers
    assert.deepEqual(body, {
      ...{ id: 'r1', state: 'active', outcome: null, reason: null, pool: 'alpine', owner: 'anyone' },
      ...{ username: 'alice', count: 2, note: 'demo', name: null, held_at: null, wait_until: null, queue: null },
      ...{ created_at: new Date(now).toISOString(), active_at: new Date(now).toISOString() },
      ...{ expires_at: new Date(now + 90 * MINUTE).toISOString(), keepalive_until: null, ended_at: null },
      containers: [
        ['alpine-1', 2221],
        ['alpine-2', 2222],
      ].map(([name, port], index) => ({
        ...{ name, host: 'localhost', port, host_key: rows[index]?.hostKey },
        ...{ known_hosts: `[localhost]:${port} ${rows[index]?.hostPublicKey}`, tunnel: false },
        ...{ generation: 1, ready: true },
      })),
    })
    assert.deepEqual(api.world.logins(), ['alice@alpine-1', 'alice@alpine-2'])
  })

  it('needs no fields: there are defaults, and the password is generated and shown once', async () => {
    const api = await openApi()
    const { status, body } = await post(api, {})
    assert.deepEqual([status, body.username, body.containers.length], [201, 'user', 1])
    assert.match(body.password, /^[a-zA-Z2-9]{20}$/)
    assert.equal(Date.parse(body.expires_at) - Date.parse(body.active_at), 60 * MINUTE)
    assert.notEqual((await post(api, {})).body.password, body.password)
    const { text } = await api.get(`/v1/reservations/${body.id}`)
    assert.doesNotMatch(text, /password/)
    assert.doesNotMatch(api.world.logged.join('\n'), new RegExp(body.password))
  })

  it('generates no password where there are keys', async () => {
    const api = await openApi()
    const { status, body } = await post(api, { ssh_keys: [KEY] })
    assert.deepEqual([status, body.password], [201, undefined])
    const reservation = await api.world.store.reservation(body.id)
    assert.deepEqual([reservation?.passwordHash, reservation?.sshKeys], [null, [KEY]])
  })

  it('generates a password of the style that was asked for, also beside keys', async () => {
    const api = await openApi()
    const words = await post(api, { password_style: 'words' })
    assert.match(words.body.password, /^[a-z]{3,8}(-[a-z]{3,8}){3}$/)
    const both = await post(api, { password_style: 'random', ssh_keys: [KEY] })
    assert.match(both.body.password, /^[a-zA-Z2-9]{20}$/)
    const reservation = await api.world.store.reservation(both.body.id)
    assert.deepEqual([reservation?.passwordHash === null, reservation?.sshKeys], [false, [KEY]])
  })

  it('takes keys as files have them: with line feeds, comments and several in one text', async () => {
    const api = await openApi()
    const other = `ssh-rsa ${'B'.repeat(372)} bob`
    const { status, body } = await post(api, { ssh_keys: [`${KEY}\n`, `# bob\n\n${other}\r\n${KEY}\n`] })
    assert.equal(status, 201)
    assert.deepEqual((await api.world.store.reservation(body.id))?.sshKeys, [KEY, other])
    const many = Array.from({ length: 17 }, (_, nth) => `${KEY}${nth}`).join('\n')
    const refused = await post(api, { ssh_keys: [many] })
    assert.equal(refused.status, 422)
    assert.equal(refused.body.detail, 'ssh_keys must contain at most 16 keys in all, got 17')
  })

  const violations: [body: object, ...paths: string[]][] = [
    [{ count: 0 }, 'count'],
    [{ count: 11 }, 'count'],
    [{ count: 1.5 }, 'count'],
    [{ count: 'many' }, 'count'],
    [{ duration: '59s' }, 'duration'],
    [{ duration: '25h' }, 'duration'],
    [{ duration: 'soon' }, 'duration'],
    [{ pool: 'nowhere' }, 'pool'],
    [{ username: 'root' }, 'username'],
    [{ username: 'no space' }, 'username'],
    [{ password: '' }, 'password'],
    [{ password: 'a\nb' }, 'password'],
    [{ ssh_keys: [KEY, 'command="id" ssh-ed25519 AAAA'] }, 'ssh_keys[1]'],
    [{ ssh_keys: [`${KEY}\nssh-rsa AAAA`] }, 'ssh_keys[0]'],
    [{ password_style: 'rhyme' }, 'password_style'],
    [{ password_style: 'words', password: 'mine' }, 'password_style'],
    [{ ssh_keys: ['# no key\n'] }, 'ssh_keys[0]'],
    [{ keepalive: '9s' }, 'keepalive'],
    [{ keepalive: '25h' }, 'keepalive'],
    [{ colour: 'red' }, 'colour'],
    [{ note: 'x'.repeat(501) }, 'note'],
    [{ count: 11, duration: 'soon' }, 'count', 'duration'],
    [{ username: 'root', password: '', ssh_keys: ['x'] }, 'username', 'password', 'ssh_keys[0]'],
    [{ count: 0, colour: 'red' }, 'colour', 'count'],
  ]
  for (const [body, ...paths] of violations) {
    it(`refuses ${JSON.stringify(body).slice(0, 60)} and lists every violation`, async () => {
      const api = await openApi()
      const before = await api.everything()
      const answer = await post(api, body)
      assert.equal(answer.status, 422, answer.text)
      assert.equal(answer.body.code, 'invalid_request')
      assert.deepEqual(answer.body.errors.map((e: { path: string }) => e.path).toSorted(), paths.toSorted())
      assert.equal(await api.everything(), before)
    })
  }

  it('refuses bodies that are not JSON, not an object or too large', async () => {
    const api = await openApi()
    const json = { 'content-type': 'application/json' }
    const long = JSON.stringify({ note: 'x'.repeat(70_000) })
    for (const [status, type, body] of [
      [400, json, '{'],
      [422, json, '[]'],
      [413, json, long],
      [415, { 'content-type': 'text/xml' }, '<a/>'],
    ] as const) {
      const answer = await api.ask('POST', '/v1/reservations', type, body)
      assert.equal(answer.status, status, answer.text)
      assert.equal(JSON.parse(answer.text).code, 'invalid_request')
    }
  })

  it('takes nothing when too few are ready', async () => {
    const api = await openApi()
    await post(api, { count: 8 })
    const { status, body } = await post(api, { count: 3 })
    assert.deepEqual([status, body.code, body.detail], [409, 'not_enough', 'Only 2 containers available'])
  })
})

describe('GET /v1/reservations', () => {
  it('lists newest first, page by page', async () => {
    const api = await openApi()
    for (let index = 0; index < 5; index += 1) {
      await post(api, { username: `u${index % 2}` })
      api.world.advance(1_000)
    }
    const seen: string[] = []
    let url = '/v1/reservations?limit=2'
    for (let page = 0; page < 3; page += 1) {
      const { body } = await ask(api, 'GET', url)
      seen.push(...body.reservations.map((r: { id: string }) => r.id))
      url = `/v1/reservations?limit=2&cursor=${body.next}`
      assert.equal(body.next === null, page === 2)
    }
    assert.deepEqual(seen, ['r5', 'r4', 'r3', 'r2', 'r1'])
    const { body } = await ask(api, 'GET', '/v1/reservations?username=u1&state=active&pool=alpine')
    assert.deepEqual(
      body.reservations.map((r: { id: string }) => r.id),
      ['r4', 'r2'],
    )
  })

  it('lists several states', async () => {
    const api = await openApi({ pools: [pool({ name: 'alpine', size: 2 })] })
    await post(api, { count: 2 })
    await post(api, { wait: '10m' })
    await post(api, { wait: '10m' })
    await api.ask('DELETE', '/v1/reservations/r1')
    const listed = async (state: string) => {
      const { body } = await ask(api, 'GET', `/v1/reservations?state=${state}`)
      return body.reservations.map((r: { id: string }) => r.id)
    }
    assert.deepEqual(await listed('waiting'), ['r3', 'r2'])
    assert.deepEqual(await listed('waiting,ended'), ['r3', 'r2', 'r1'])
    assert.deepEqual(await listed('ended,preparing,active,ended'), ['r1'])
  })

  it('refuses unknown parameters and values', async () => {
    const api = await openApi()
    for (const query of [
      'state=asleep',
      'state=',
      'state=active,asleep',
      'limit=0',
      'limit=501',
      'cursor=%00',
      'cursor=bm9wZQ',
      'colour=red',
    ]) {
      const { status, body } = await ask(api, 'GET', `/v1/reservations?${query}`)
      assert.deepEqual([status, body.errors.map((e: { path: string }) => e.path)], [422, [query.split('=')[0]]], query)
    }
  })
})

describe('one reservation', () => {
  it('is shown by the clock, without the host key of its successor', async () => {
    const api = await openApi()
    const { body } = await post(api, { duration: '1m' })
    api.world.advance(MINUTE)
    const late = await ask(api, 'GET', `/v1/reservations/${body.id}`)
    assert.deepEqual(
      [late.body.state, late.body.outcome, late.body.containers[0].host_key],
      ['ending', 'expired', null],
    )
    await api.world.settle()
    const over = await ask(api, 'GET', `/v1/reservations/${body.id}`)
    assert.deepEqual([over.body.state, over.body.outcome, over.body.containers[0].host_key], ['ended', 'expired', null])
    assert.equal(over.body.ended_at, body.expires_at)
  })

  it('is extended up to the maximum of the pool, and the answer says so', async () => {
    const api = await openApi()
    const { body } = await post(api, {})
    const url = `/v1/reservations/${body.id}`
    const end = Date.parse(body.expires_at)
    const longer = await ask(api, 'PATCH', url, { extend: '30m' })
    assert.deepEqual(
      [longer.status, Date.parse(longer.body.expires_at) - end, longer.body.clamped],
      [200, 30 * MINUTE, null],
    )
    const named = await ask(api, 'PATCH', url, { expires_at: new Date(end + 60 * MINUTE).toISOString() })
    assert.deepEqual([Date.parse(named.body.expires_at) - end, named.body.clamped], [60 * MINUTE, null])
    const back = await ask(api, 'PATCH', url, { expires_at: new Date(end).toISOString() })
    assert.deepEqual(
      [Date.parse(back.body.expires_at) - end, back.body.clamped],
      [60 * MINUTE, 'extending never shortens a reservation'],
    )
    const far = await ask(api, 'PATCH', url, { extend: '300d' })
    assert.deepEqual(Date.parse(far.body.expires_at) - Date.parse(body.active_at), 24 * 60 * MINUTE)
    assert.match(far.body.clamped, /pool/)
    for (const wrong of [
      {},
      { extend: '1h', expires_at: body.expires_at },
      { extend: 'x' },
      { expires_at: 'tomorrow' },
      { until: 1 },
    ]) {
      assert.equal((await ask(api, 'PATCH', url, wrong)).status, 422, JSON.stringify(wrong))
    }
  })

  it('is abandoned without keepalive calls, and not before; extending is not such a call', async () => {
    const api = await openApi()
    const { body } = await post(api, { keepalive: '5m' })
    const url = `/v1/reservations/${body.id}`
    const start = Date.parse(body.active_at)
    assert.equal(Date.parse(body.keepalive_until) - start, 5 * MINUTE)
    api.world.advance(4 * MINUTE)
    const { status, body: alive } = await ask(api, 'POST', `${url}/keepalive`)
    assert.deepEqual([status, Date.parse(alive.keepalive_until) - start], [200, 9 * MINUTE])
    await ask(api, 'PATCH', url, { extend: '3h' })
    api.world.advance(5 * MINUTE - 1)
    await api.world.settle()
    assert.equal((await ask(api, 'GET', url)).body.state, 'active')
    api.world.advance(1)
    assert.deepEqual((await ask(api, 'POST', `${url}/keepalive`)).body.code, 'not_active')
    await api.world.settle()
    const { body: over } = await ask(api, 'GET', url)
    assert.deepEqual([over.state, over.outcome], ['ended', 'abandoned'])
    assert.deepEqual(api.world.logins(), [])
    assert.equal((await ask(api, 'POST', '/v1/reservations/nobody/keepalive')).status, 404)
  })

  it('needs no keepalive calls unless requested', async () => {
    const api = await openApi()
    const { body } = await post(api, {})
    const { status, body: same } = await ask(api, 'POST', `/v1/reservations/${body.id}/keepalive`)
    assert.deepEqual([status, same.keepalive_until], [200, null])
  })

  it('has no access left when the release answers; release is idempotent', async () => {
    const api = await openApi()
    const { body } = await post(api, {})
    for (let time = 0; time < 2; time += 1) {
      const { status, body: gone } = await ask(api, 'DELETE', `/v1/reservations/${body.id}`)
      assert.deepEqual([status, gone.state, gone.outcome], [200, 'ended', 'released'])
      assert.deepEqual(api.world.logins(), [])
    }
    const { status, body: problem } = await ask(api, 'PATCH', `/v1/reservations/${body.id}`, { extend: '1m' })
    assert.deepEqual([status, problem.code], [409, 'not_active'])
  })

  it('is 404 for an unknown id', async () => {
    const api = await openApi()
    for (const [method, body] of [['GET'], ['PATCH', { extend: '1m' }], ['DELETE']] as const) {
      const { status, body: problem } = await ask(api, method, '/v1/reservations/nobody', body)
      assert.deepEqual([status, problem.code], [404, 'not_found'], method)
    }
  })

  it('names the methods in a 405', async () => {
    const api = await openApi()
    const { status, headers } = await api.ask('PUT', '/v1/reservations/r1')
    assert.deepEqual([status, headers['allow']], [405, 'GET, HEAD, PATCH, DELETE'])
  })
})
