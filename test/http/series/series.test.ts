import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ALPINE, type Api, openApi } from '../../../lab/api.ts'
import { pool } from '../../../lab/rows.ts'
import { openTokenApi } from '../../support/http/token-api.ts'

const MINUTE = 60_000
const JSON_TYPE = { 'content-type': 'application/json' }
const POOLS = [pool({ name: 'alpine', size: 2 }), pool({ name: 'big', size: 1, ports: [3_000] })]

async function series(api: Api, query = '') {
  const { status, text } = await api.get(`/v1/series${query}`)
  return { status, body: JSON.parse(text) }
}

const MINUTES = ['00', '05', '10']

/** From 08:00 on: alice has both containers for ten minutes, bob waits for four of them, carol is refused. */
async function used(): Promise<Api> {
  const api = await openApi({ pools: POOLS })
  const post = async (body: object) => {
    const answer = await api.ask('POST', '/v1/reservations', JSON_TYPE, JSON.stringify(body))
    return answer.status
  }
  assert.equal(await post({ username: 'alice', count: 2, duration: '10m' }), 201)
  api.world.advance(6 * MINUTE)
  assert.equal(await post({ username: 'bob', duration: '10m', wait: '1h' }), 202)
  assert.equal(await post({ username: 'carol' }), 409)
  await api.world.refusals.flush()
  api.world.advance(4 * MINUTE)
  await api.world.settle()
  api.world.advance(5 * MINUTE)
  return api
}

describe('GET /v1/series', () => {
  it('shows each step: states, size, waiting, durations and refusals', async () => {
    const api = await used()
    const { status, body } = await series(api, '?pool=alpine&from=2027-01-15T08:00:00Z&step=5m')
    assert.equal(status, 200)
    const none = { creating: 0, removing: 0, broken: 0, quarantined: 0 }
    const nothing = { count: 0, p50_seconds: null, p95_seconds: null, max_seconds: null }
    const atOnce = { count: 1, p50_seconds: 0, p95_seconds: 0, max_seconds: 0 }
    const rest = { reserve: nothing, recycle: nothing, refusals: {} }
    const full = { ...none, ready: 0, reserved: 2 }
    const points = [
      { ...{ states: full, waiting: 0, longest_wait_seconds: 0 }, ...rest, reserve: atOnce },
      { ...{ states: full, waiting: 0.8, longest_wait_seconds: 240 }, ...rest, refusals: { not_enough: 1 } },
      {
        ...{ states: { ...none, ready: 1, reserved: 1 }, waiting: 0, longest_wait_seconds: 0 },
        ...{ ...rest, recycle: { ...atOnce, count: 2 } },
      },
    ]
    assert.deepEqual(body, {
      ...{ from: '2027-01-15T08:00:00.000Z', to: '2027-01-15T08:15:00.000Z', step_seconds: 300 },
      kept_since: '2027-01-15T08:00:00.000Z',
      points: points.map((point, index) => ({ at: `2027-01-15T08:${MINUTES[index]}:00.000Z`, size: 2, ...point })),
    })
  })

  it('is of all pools and the last 24 hours by default, in steps that give about 100 points', async () => {
    const api = await used()
    const { body } = await series(api)
    assert.deepEqual(
      [body.from, body.to, body.step_seconds],
      ['2027-01-14T08:15:00.000Z', '2027-01-15T08:15:00.000Z', 900],
    )
    assert.equal(body.points.length, 1, 'none before the first event')
    assert.equal(body.points[0].size, 3)
    const month = await series(api, '?from=now-30d')
    assert.equal(month.body.step_seconds, 6 * 3_600)
  })

  it('moves the begin back to a full step', async () => {
    const api = await used()
    const { body } = await series(api, '?from=now-7m&to=now-1m&step=2m')
    assert.deepEqual([body.from, body.to], ['2027-01-15T08:08:00.000Z', '2027-01-15T08:14:00.000Z'])
    assert.deepEqual(
      body.points.map(({ at }: { at: string }) => at.slice(11, 16)),
      ['08:08', '08:10', '08:12'],
    )
  })

  it('ends now where the span ends later', async () => {
    const api = await used()
    assert.equal((await series(api, '?to=2028-01-01')).body.to, '2027-01-15T08:15:00.000Z')
  })

  it('is CSV on request', async () => {
    const api = await used()
    const url = '/v1/series?pool=alpine&from=now-15m&step=5m'
    const { payload, headers } = await api.server.inject({ url, headers: { accept: 'text/csv' } })
    assert.equal(headers['content-type'], 'text/csv; charset=utf-8; header=present')
    assert.equal(headers['content-disposition'], 'attachment; filename="berth-series.csv"')
    const durations = (name: string) => `${name}_count,${name}_p50_seconds,${name}_p95_seconds,${name}_max_seconds`
    assert.deepEqual(payload.split('\r\n'), [
      `at,size,creating,ready,reserved,removing,broken,quarantined,waiting,longest_wait_seconds,${durations('reserve')},${durations('recycle')},refusals,refused_not_enough`,
      '2027-01-15T08:00:00.000Z,2,0,0,2,0,0,0,0,0,1,0,0,0,0,,,,0,0',
      '2027-01-15T08:05:00.000Z,2,0,0,2,0,0,0,0.8,240,0,,,,0,,,,1,1',
      '2027-01-15T08:10:00.000Z,2,0,1,1,0,0,0,0,0,0,,,,2,0,0,0,0,0',
      '',
    ])
    assert.equal((await api.server.inject({ url: `${url}&format=csv` })).payload, payload)
    const json = await api.server.inject({ url: `${url}&format=json`, headers: { accept: 'text/csv' } })
    assert.match(String(json.headers['content-type']), /^application\/json/)
  })

  it('shows users the same as admins', async () => {
    const api = await openTokenApi({ pools: [ALPINE] })
    const { headers: bob } = await api.give('bob')
    const { headers: root } = await api.give('root', 'admin')
    const reserved = await api.ask('POST', '/v1/reservations', { ...root, ...JSON_TYPE }, '{"username": "secret"}')
    assert.equal(reserved.status, 201)
    api.world.advance(5 * MINUTE)
    const [theirs, all] = [await api.get('/v1/series', bob), await api.get('/v1/series', root)]
    assert.equal(theirs.text, all.text)
    assert.equal(JSON.parse(theirs.text).points[0].states.reserved, 1)
    assert.doesNotMatch(theirs.text, /secret/)
  })

  const times = 'must be now, now-24h, a day like 2026-11-24, or an RFC 3339 timestamp like 2026-11-24T17:00:00Z'
  const steps = 'must be a duration of whole seconds, at least 1s, like 30s, 15m or 6h'
  const violations: readonly [query: string, errors: readonly (readonly [path: string, message: string])[]][] = [
    ['from=yesterday', [['from', `${times}, got "yesterday"`]]],
    ['from=now-1x', [['from', `${times}, got "now-1x"`]]],
    ['from=now-99999999d', [['from', `${times}, got "now-99999999d"`]]],
    ['to=now%2B1h', [['to', `${times}, got "now+1h"`]]],
    [
      'from=now-1h&to=now-2h',
      [['from', 'must be earlier than to and now, 2027-01-15T06:00:00.000Z, got 2027-01-15T07:00:00.000Z']],
    ],
    [
      'from=2028-01-01',
      [['from', 'must be earlier than to and now, 2027-01-15T08:00:00.000Z, got 2028-01-01T00:00:00.000Z']],
    ],
    ['from=now', [['from', 'must be earlier than to and now, 2027-01-15T08:00:00.000Z, got 2027-01-15T08:00:00.000Z']]],
    ['step=0s', [['step', `${steps}, got "0s"`]]],
    ['step=1.5s', [['step', `${steps}, got "1.5s"`]]],
    ['step=often', [['step', `${steps}, got "often"`]]],
    [
      'from=now-30d&step=1m',
      [['step', 'must be at least 22m for this span, because an answer has at most 2000 points, got "1m"']],
    ],
    ['pool=none', [['pool', 'must be one of: alpine, big, got "none"']]],
    [
      'pool=none&from=x&to=y&step=z',
      [
        ['pool', 'must be one of: alpine, big, got "none"'],
        ['from', `${times}, got "x"`],
        ['to', `${times}, got "y"`],
        ['step', `${steps}, got "z"`],
      ],
    ],
  ]
  for (const [query, errors] of violations) {
    it(`refuses ${query}`, async () => {
      const api = await openApi({ pools: POOLS })
      const { status, body } = await series(api, `?${query}`)
      assert.equal(status, 422)
      assert.deepEqual(
        body.errors,
        errors.map(([path, message]) => ({ path, message })),
      )
    })
  }

  it('accepts the step that the refusal names', async () => {
    const api = await openApi({ pools: POOLS })
    for (const span of ['30d', '90d', '1d', '1h', '7d', '12345s']) {
      const refused = await series(api, `?from=now-${span}&step=1s`)
      const [, named] = /at least (\S+) for/.exec(refused.body.detail) ?? []
      assert.equal((await series(api, `?from=now-${span}&step=${named ?? '1s'}`)).status, 200, `${span} in ${named}`)
    }
  })

  it('refuses unknown parameters and formats', async () => {
    const api = await openApi({ pools: POOLS })
    for (const query of ['?format=xml', '?steps=1m']) assert.equal((await series(api, query)).status, 422)
  })
})
