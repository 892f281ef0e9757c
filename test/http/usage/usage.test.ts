import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Api, openApi } from '../../../lab/api.ts'
import { pool } from '../../../lab/rows.ts'

const MINUTE = 60_000
const JSON_BODY = { 'content-type': 'application/json' }
const POOLS = [pool({ name: 'alpine', size: 2 }), pool({ name: 'big', size: 2, ports: [3000, 3001] })]

async function usage(api: Api, query = '') {
  const { status, text } = await api.get(`/v1/usage${query}`)
  return { status, body: JSON.parse(text) }
}

/**
 * From 2027-01-15T08:00Z on: alice has two for ten minutes, bob waits for four of them and has one for the next ten.
 */
async function used(): Promise<Api> {
  const api = await openApi({ pools: POOLS })
  const post = async (body: object) => {
    const { status } = await api.ask('POST', '/v1/reservations', JSON_BODY, JSON.stringify(body))
    assert.ok(status === 201 || status === 202)
  }
  await post({ username: 'alice', count: 2, duration: '10m' })
  api.world.advance(6 * MINUTE)
  await post({ username: 'bob', duration: '10m', wait: '1h' })
  api.world.advance(4 * MINUTE)
  await api.world.settle()
  await post({ username: 'alice', pool: 'big', duration: '20m' })
  api.world.advance(10 * MINUTE)
  await api.world.settle()
  return api
}

describe('GET /v1/usage', () => {
  it('sums up the last 30 days by owner', async () => {
    const api = await used()
    assert.deepEqual(await usage(api), {
      status: 200,
      body: {
        ...{ from: '2026-12-16T08:20:00.000Z', to: '2027-01-15T08:20:00.000Z', by: 'user' },
        rows: [{ key: 'anyone', reservations: 3, container_minutes: 40, waits: 1, wait_seconds: 240 }],
      },
    })
  })

  it('sums up by account, pool and day', async () => {
    const api = await used()
    const rows = async (by: string) => (await usage(api, `?by=${by}`)).body.rows
    const none = { waits: 0, wait_seconds: 0 }
    assert.deepEqual(await rows('username'), [
      { key: 'alice', reservations: 2, container_minutes: 30, ...none },
      { key: 'bob', reservations: 1, container_minutes: 10, waits: 1, wait_seconds: 240 },
    ])
    assert.deepEqual(await rows('pool'), [
      { key: 'alpine', reservations: 2, container_minutes: 30, waits: 1, wait_seconds: 240 },
      { key: 'big', reservations: 1, container_minutes: 10, ...none },
    ])
    assert.deepEqual(await rows('day'), [
      { key: '2027-01-15', reservations: 3, container_minutes: 40, waits: 1, wait_seconds: 240 },
    ])
  })

  it('sums up the span between two days or times, without the second', async () => {
    const api = await used()
    const minutes = async (from: string, to: string) => {
      const { status, body } = await usage(api, `?from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}`)
      assert.equal(status, 200)
      return body.rows.reduce((sum: number, row: { container_minutes: number }) => sum + row.container_minutes, 0)
    }
    assert.equal(await minutes('2027-01-15', '2027-01-16'), 40)
    assert.equal(await minutes('2027-01-14', '2027-01-15'), 0)
    assert.equal(await minutes('2027-01-15T08:05:00Z', '2027-01-15T08:15:00Z'), 20)
    assert.equal(await minutes('2027-01-15T13:50:00+05:45', '2027-01-15T08:06:00.000Z'), 2)
    assert.equal(await minutes('2027-01-15T08:00:00z', '2027-02-01'), 40)
  })

  const violations: [query: string, path: string][] = [
    ['from=yesterday', 'from'],
    ['from=2027-02-31', 'from'],
    ['from=2027-02-31T00:00:00Z', 'from'],
    ['from=2027-01-15T08:00:00', 'from'],
    ['from=2027-01-15T08:00:00+01:00', 'from'],
    ['from=', 'from'],
    ['to=1800000000000', 'to'],
    ['to=2027-01-15T24:00:01Z', 'to'],
    ['from=2027-01-15&to=2027-01-15', 'from'],
    ['from=2999-01-01', 'from'],
    ['by=hour', 'by'],
    ['format=xml', 'format'],
    ['colour=red', 'colour'],
  ]
  for (const [query, path] of violations) {
    it(`refuses ${query}`, async () => {
      const { status, body } = await usage(await openApi(), `?${query}`)
      assert.deepEqual([status, body.code, body.errors[0].path], [422, 'invalid_request', path])
    })
  }

  it('lists every violation at once', async () => {
    const { body } = await usage(await openApi(), '?from=x&to=y')
    assert.deepEqual(
      body.errors.map(({ path }: { path: string }) => path),
      ['from', 'to'],
    )
  })

  it('is CSV by Accept or by format', async () => {
    const api = await used()
    const expected =
      'username,reservations,container_minutes,waits,wait_seconds\r\nalice,2,30,0,0\r\nbob,1,10,1,240\r\n'
    for (const [query, accept] of [
      ['', 'text/csv'],
      ['', 'text/csv;q=0.9, */*;q=0.1'],
      ['&format=csv', 'application/json'],
    ] as const) {
      const answer = await api.server.inject({ url: `/v1/usage?by=username${query}`, headers: { accept } })
      assert.equal(answer.statusCode, 200)
      assert.equal(answer.headers['content-type'], 'text/csv; charset=utf-8; header=present')
      assert.equal(answer.headers['content-disposition'], 'attachment; filename="berth-usage.csv"')
      assert.equal(answer.payload, expected)
    }
    const json = await api.server.inject({ url: '/v1/usage?format=json', headers: { accept: 'text/csv' } })
    assert.match(String(json.headers['content-type']), /^application\/json/)
    const refused = await api.server.inject({ url: '/v1/usage?from=x', headers: { accept: 'text/csv' } })
    assert.match(String(refused.headers['content-type']), /^application\/problem\+json/)
  })

  it('has no rows without reservations', async () => {
    const api = await openApi()
    assert.deepEqual((await usage(api)).body.rows, [])
    const csv = await api.server.inject('/v1/usage?format=csv&by=day')
    assert.equal(csv.payload, 'day,reservations,container_minutes,waits,wait_seconds\r\n')
  })
})
