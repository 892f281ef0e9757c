import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Api, openApi } from '../../../lab/api.ts'
import { pool } from '../../../lab/rows.ts'
import { problem, withoutId } from '../../support/http/problem.ts'

const JSON_BODY = { 'content-type': 'application/json' }
const NONE = { creating: 0, ready: 0, reserved: 0, removing: 0, broken: 0, quarantined: 0 }
const GROWING = pool({ name: 'alpine', size: 3, ports: [2221, 2222, 2223, 2224, 2225] })

async function patch(api: Api, name: string, body: string) {
  const { status, text } = await api.ask('PATCH', `/v1/pools/${name}`, JSON_BODY, body)
  return { status, body: JSON.parse(text) }
}

async function shown(api: Api, index = 0) {
  return JSON.parse((await api.get('/v1/pools')).text).pools[index]
}

describe('GET /v1/pools', () => {
  it('shows each pool, its operating system, and the number of containers in each state', async () => {
    const small = pool({
      name: 'a',
      size: 1,
      ports: [3000, 3001],
      cpus: 0.5,
      sudo: false,
      reach: 'none',
      runtime: 'runsc',
    })
    const api = await openApi({ pools: [pool({ name: 'z', size: 2 }), small] })
    await api.get('/reserve?username=alice')
    const common = { image: 'image', os: 'Memory 1', memory_bytes: 2 ** 29, shm_bytes: 2 ** 26, pids: 256 }
    const lending = {
      duration_default_seconds: 3_600,
      duration_max_seconds: 86_400,
      waiting: 0,
      problem: null,
      hold: null,
      oldest_unclean_seconds: 0,
      waiting_since: null,
      recycling_since: null,
    }
    assert.deepEqual(JSON.parse((await api.get('/v1/pools')).text), {
      pools: [
        {
          ...{ name: 'z', size: 2, configured_size: 2, ports: 2, ...common, cpus: 1, sudo: true },
          ...{ reach: 'internet', disk_bytes: null, runtime: null },
          ...{ ...lending, containers: { ...NONE, ready: 1, reserved: 1 }, next_free_at: '2027-01-15T09:00:00.000Z' },
        },
        {
          ...{ name: 'a', size: 1, configured_size: 1, ports: 2, ...common, cpus: 0.5, sudo: false },
          ...{ reach: 'none', disk_bytes: null, runtime: 'runsc' },
          ...{ ...lending, containers: { ...NONE, ready: 1 }, next_free_at: null },
        },
      ],
    })
  })

  it('shows when the next reservation ends, and since when the oldest waits and is recycled', async () => {
    const other = pool({ name: 'other', size: 1, ports: [3000] })
    const api = await openApi({ pools: [pool({ name: 'alpine', size: 3 }), other] })
    const reserve = async (body: object) => {
      const { text } = await api.ask('POST', '/v1/reservations', JSON_BODY, JSON.stringify({ pool: 'alpine', ...body }))
      return JSON.parse(text)
    }
    const seen = async (index = 0) => {
      const { next_free_at, waiting, waiting_since, recycling_since } = await shown(api, index)
      return [next_free_at, waiting, waiting_since, recycling_since]
    }
    const start = api.world.now()
    const second = (n: number) => new Date(start + n * 1_000).toISOString()
    assert.deepEqual(await seen(), [null, 0, null, null])
    const long = await reserve({ duration: '2h', count: 2 })
    const short = await reserve({ duration: '1h' })
    assert.deepEqual(await seen(), [second(3_600), 0, null, null])
    api.world.advance(1_000)
    await reserve({ wait: '10m', count: 3 })
    api.world.advance(1_000)
    await reserve({ wait: '10m' })
    assert.deepEqual(await seen(), [second(3_600), 2, second(1), null])
    await api.ask('DELETE', `/v1/reservations/${short.id}`)
    api.world.advance(1_000)
    await api.ask('DELETE', `/v1/reservations/${long.id}`)
    assert.deepEqual(await seen(), [null, 2, second(1), second(2)])
    assert.deepEqual(await seen(1), [null, 0, null, null], 'the other pool')
    await api.world.settle()
    assert.deepEqual((await seen())[3], null)
    api.world.advance(3_600_000)
    assert.equal((await seen())[0], null, 'an end that has come is not the next')
  })

  it('has no operating system before a container has run', async () => {
    const api = await openApi({ settled: false })
    const { os, containers } = await shown(api)
    assert.deepEqual([os, containers], [null, NONE])
  })

  it('shows the depth of the queue, without requests whose time is up', async () => {
    const api = await openApi({ pools: [GROWING] })
    const wait = (body: object) => api.ask('POST', '/v1/reservations', JSON_BODY, JSON.stringify(body))
    await wait({ count: 3 })
    assert.equal((await wait({ count: 2, wait: '1m' })).status, 202)
    assert.equal((await wait({ wait: '2m' })).status, 202)
    assert.equal((await shown(api)).waiting, 2)
    api.world.advance(60_000)
    assert.equal((await shown(api)).waiting, 1)
  })

  it('shows how long a container has been unclean', async () => {
    const api = await openApi({ pools: [GROWING] })
    await api.get('/reserve?username=alice')
    await api.get('/release_all')
    api.world.advance(1_500)
    await api.ask('POST', '/v1/containers/alpine-2/quarantine')
    await api.ask('POST', '/v1/containers/alpine-3/recycle')
    api.world.advance(1_000)
    assert.equal((await shown(api)).oldest_unclean_seconds, 2.5)
    await api.world.settle()
    assert.equal((await shown(api)).oldest_unclean_seconds, 0)
  })
})

describe('PATCH /v1/pools/{name}', () => {
  it('grows and shrinks the pool, answers with it, and returns to berth.yml', async () => {
    const api = await openApi({ pools: [GROWING] })
    const grown = await patch(api, 'alpine', '{"size":5}')
    assert.equal(grown.status, 200)
    assert.deepEqual(grown.body, await shown(api))
    assert.deepEqual([grown.body.size, grown.body.configured_size, grown.body.ports], [5, 3, 5])
    await api.world.settle()
    assert.deepEqual((await shown(api)).containers, { ...NONE, ready: 5 })
    const shrunk = await patch(api, 'alpine', '{"size":1}')
    assert.deepEqual([shrunk.body.size, shrunk.body.containers], [1, { ...NONE, ready: 1, removing: 4 }])
    await api.world.settle()
    assert.deepEqual(JSON.parse((await api.get('/available')).text), { available: ['alpine-1'], reserved: [] })
    const back = await patch(api, 'alpine', '{"size":null}')
    assert.deepEqual([back.status, back.body.size], [200, 3])
    await api.world.settle()
    assert.deepEqual((await shown(api)).containers, { ...NONE, ready: 3 })
  })

  it('applies to reserve from then on', async () => {
    const api = await openApi({ pools: [GROWING] })
    await patch(api, 'alpine', '{"size":2}')
    const { status, text } = await api.get('/reserve?username=alice&count=3')
    assert.deepEqual([status, JSON.parse(text).error], [400, 'count must be a whole number from 1 to 2, not "3"'])
    await patch(api, 'alpine', '{"size":5}')
    await api.world.settle()
    assert.equal((await api.get('/reserve?username=alice&count=5')).status, 200)
  })

  it('never goes below what is reserved', async () => {
    const api = await openApi({ pools: [GROWING] })
    await api.get('/reserve?username=alice&count=2')
    const before = await api.everything()
    const why = '2 of its containers are reserved; release some first, or ask for at least 2'
    const { status, body } = await patch(api, 'alpine', '{"size":1}')
    assert.deepEqual([status, withoutId(body)], [409, problem('conflict', why)])
    assert.equal(await api.everything(), before)
    assert.equal((await patch(api, 'alpine', '{"size":2}')).status, 200)
  })

  it('is 404 for an unknown pool', async () => {
    const { status, body } = await patch(await openApi(), 'nowhere', '{"size":1}')
    assert.deepEqual([status, body.code, body.detail], [404, 'not_found', 'there is no pool "nowhere"'])
  })

  for (const size of ['6', '-1', '1.5', '1e9', '"2"', '""', 'true', 'false', '[]', '{}']) {
    it(`refuses the size ${size}`, async () => {
      const api = await openApi({ pools: [GROWING] })
      const before = await api.everything()
      const { status, body } = await patch(api, 'alpine', `{"size":${size}}`)
      assert.deepEqual([status, body.code], [422, 'invalid_request'])
      assert.ok(body.errors.every(({ path }: { path: string }) => path === 'size'))
      assert.equal(await api.everything(), before)
    })
  }

  it('refuses a body that is not a size, and lists every violation', async () => {
    const api = await openApi({ pools: [GROWING] })
    const violations = async (sent: string) => {
      const { status, body } = await patch(api, 'alpine', sent)
      assert.equal(status, 422, sent)
      return body.errors.map(({ path }: { path: string }) => path).toSorted()
    }
    for (const body of ['[]', '1', 'null', '"size"']) assert.deepEqual(await violations(body), ['body'], body)
    assert.deepEqual(await violations('{}'), ['size'])
    assert.deepEqual(await violations('{"size":1,"image":"x"}'), ['image'])
    assert.deepEqual(await violations('{"sise":1}'), ['sise', 'size'])
    assert.equal((await api.ask('PATCH', '/v1/pools/alpine')).status, 422)
    assert.equal((await patch(api, 'alpine', '{')).status, 400)
    assert.equal((await shown(api)).size, 3)
  })
})
