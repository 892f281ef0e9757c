/** Liveness, readiness and metrics. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it, mock } from 'node:test'
import { BerthError } from '../../../src/domain/errors.ts'
import { type Api, openApi } from '../../../lab/api.ts'
import { pool } from '../../../lab/rows.ts'

const POOLS = [pool({ name: 'alpine', size: 4 }), pool({ name: 'big', size: 2, ports: [3000, 3001] })]
const PATHS = ['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs']

/** The samples of one metric: labels as Prometheus reads them, and value. */
async function figure(api: Api, name: string): Promise<Record<string, number>> {
  const { payload } = await api.server.inject('/metrics')
  const samples = payload.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
  assert.ok(samples.length > 0, `there is no ${name}`)
  return Object.fromEntries(
    samples.map((line) => [line.slice(name.length, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  )
}

/** The samples that are not 0. */
async function notZero(api: Api, name: string): Promise<Record<string, number>> {
  return Object.fromEntries(Object.entries(await figure(api, name)).filter(([, value]) => value !== 0))
}

describe('GET /healthz', () => {
  it('answers whatever else is away', async () => {
    const storeFaults = () => ({ when: 'before' as const, error: new Error('disk on fire') })
    const api = await openApi({ storeFaults })
    await api.engine('away')
    const { status, text } = await api.get('/healthz')
    assert.deepEqual({ status, text }, { status: 200, text: '{"status":"ok","version":"1.2.3"}' })
  })
})

describe('GET /readyz', () => {
  it('is ready when database and engine answer', async () => {
    const { status, text } = await (await openApi()).get('/readyz')
    assert.deepEqual({ status, text }, { status: 200, text: '{"status":"ready"}' })
  })

  it('is not ready before the first listing of the engine', async () => {
    const api = await openApi({ settled: false })
    const message = 'the container engine was not asked yet'
    const problems = [{ code: 'engine_unavailable', pool: null, message }]
    const { status, text } = await api.get('/readyz')
    const body = { status: 'not ready', reasons: [message], problems }
    assert.deepEqual({ status, body: JSON.parse(text) }, { status: 503, body })
    await api.world.reconciler.tick()
    assert.equal((await api.get('/readyz')).status, 200)
  })

  it('says that the engine is away, and when it is back', async () => {
    const api = await openApi()
    await api.engine('away')
    const { status, headers, text } = await api.get('/readyz')
    assert.equal(status, 503)
    assert.equal(headers['retry-after'], '2')
    const reasons = ['the container engine does not answer; the log of the manager says why']
    assert.deepEqual(JSON.parse(text).reasons, reasons)
    assert.ok(api.world.logged.some((line) => line.includes('no engine there')))
    await api.engine('back')
    assert.equal((await api.get('/readyz')).status, 200)
  })

  it('says that the database is away, and why in the log alone', async () => {
    const api = await openApi({ storeFaults: () => ({ when: 'before', error: new Error('disk on fire') }) })
    const { status, text } = await api.get('/readyz')
    const reasons = ['the database does not answer; the log of the manager says why']
    assert.deepEqual({ status, reasons: JSON.parse(text).reasons }, { status: 503, reasons })
    assert.deepEqual(JSON.parse(text).problems, [{ code: 'database_unavailable', pool: null, message: reasons[0] }])
    assert.ok(api.world.logged.includes('the database does not answer {"reason":"disk on fire"}'))
  })
})

describe('GET /readyz with SSH ports on which the gateway cannot listen', () => {
  it('is ready, and names their containers', async () => {
    const figures = { open: 0, accepted: 0, refused: 0, cut: 0 }
    // The port of a container that is gone since.
    const failedPorts = [1]
    const api = await openApi({ access: () => ({ gateway: { figures, failedPorts } }) })
    assert.deepEqual(JSON.parse((await api.get('/readyz')).text), { status: 'ready' })
    failedPorts.push(2222)
    const { status, text } = await api.get('/readyz')
    const message = 'the gateway cannot listen on port 2222 (alpine-2); the log of the manager says why'
    assert.equal(status, 200)
    assert.deepEqual(JSON.parse(text).problems, [{ code: 'ssh_ports_unavailable', pool: null, message }])
  })
})

describe('GET /readyz with an almost full disk of the database', () => {
  it('is ready, and says how much is left', async () => {
    const reasons = async (free: number) => {
      const api = await openApi({ access: () => ({ freeSpace: async () => free }) })
      const { status, text } = await api.get('/readyz')
      assert.equal(status, 200)
      return JSON.parse(text).reasons
    }
    assert.equal(await reasons(1024 ** 3), undefined)
    const left = 'the disk of the database has only 1023 MiB left; free some space before nothing can be written'
    assert.deepEqual(await reasons(1024 ** 3 - 1), [left])
  })

  it('does not warn if the disk cannot be read', async () => {
    const freeSpace = () => Promise.reject(new Error('EIO'))
    const api = await openApi({ access: () => ({ freeSpace }) })
    assert.equal(JSON.parse((await api.get('/readyz')).text).reasons, undefined)
  })
})

describe('GET /readyz with a read-only database', () => {
  for (const verb of ['acquireLeadership', 'end'] as const) {
    it(`is not ready after "${verb}" failed, until writes work`, async () => {
      const api = await openApi()
      await api.get('/reserve?username=alice')
      const message = 'the database cannot be used: its disk is full'
      const full = mock.method(api.world.store, verb, () =>
        Promise.reject(new BerthError('database_unavailable', message)),
      )
      api.world.advance(2 * 3_600_000)
      await assert.rejects(api.world.reconciler.tick(), { message })
      const { status, text } = await api.get('/readyz')
      const reasons = ['nothing can be written into the database; the log of the manager says why']
      assert.deepEqual({ status, reasons: JSON.parse(text).reasons }, { status: 503, reasons })
      full.mock.restore()
      await api.world.reconciler.tick()
      assert.equal((await api.get('/readyz')).status, 200)
    })
  }
})

describe('GET /metrics', () => {
  it('counts containers and reservations of every pool in every state, none left out', async () => {
    const api = await openApi({ pools: POOLS })
    await api.get('/reserve?username=alice&count=2')
    await api.get('/reserve?username=bob')
    const zero = (name: string) => [
      ...['creating', 'ready', 'reserved', 'removing', 'broken', 'quarantined'].map((state) => [name, state] as const),
    ]
    const all = [...zero('alpine'), ...zero('big')].map(([name, state]) => [`{pool="${name}",state="${state}"}`, 0])
    assert.deepEqual(await figure(api, 'berth_containers'), {
      ...Object.fromEntries(all),
      '{pool="alpine",state="ready"}': 1,
      '{pool="alpine",state="reserved"}': 3,
      '{pool="big",state="ready"}': 2,
    })
    assert.deepEqual(await notZero(api, 'berth_reservations'), { '{pool="alpine",state="active"}': 2 })
    await api.get('/release_all')
    assert.deepEqual(await notZero(api, 'berth_containers'), {
      '{pool="alpine",state="ready"}': 1,
      '{pool="alpine",state="removing"}': 3,
      '{pool="big",state="ready"}': 2,
    })
    assert.deepEqual(await notZero(api, 'berth_reservations'), {})
  })

  it('counts an expired reservation as ending before the expiry loop has run', async () => {
    const api = await openApi({ pools: POOLS })
    await api.get('/reserve?username=alice&duration=1')
    api.world.advance(60_000)
    assert.deepEqual(await notZero(api, 'berth_reservations'), { '{pool="alpine",state="ending"}': 1 })
  })

  it('shows how long a container has been unclean', async () => {
    const api = await openApi({ pools: POOLS })
    await api.get('/reserve?username=alice')
    await api.get('/release_all')
    api.world.advance(2_500)
    const name = 'berth_oldest_unclean_container_seconds'
    assert.deepEqual(await figure(api, name), { '{pool="alpine"}': 2.5, '{pool="big"}': 0 })
    await api.world.settle()
    assert.deepEqual(await notZero(api, name), {})
  })

  it('measures operations; revoke from when access should have ended', async () => {
    const api = await openApi({ pools: POOLS })
    const [done, seconds] = ['berth_operation_duration_seconds_count', 'berth_operation_duration_seconds_sum']
    assert.deepEqual(await notZero(api, done), { '{operation="build"}': 6 })
    await api.get('/reserve?username=alice&duration=1')
    api.world.advance(61_500)
    await api.world.settle()
    assert.deepEqual(await notZero(api, done), {
      '{operation="build"}': 6,
      '{operation="reserve"}': 1,
      '{operation="revoke"}': 1,
      '{operation="recycle"}': 1,
    })
    assert.deepEqual(await notZero(api, seconds), { '{operation="revoke"}': 1.5 })
    assert.ok('{operation="restore"}' in (await figure(api, done)), 'what has not happened yet is 0, not missing')
  })

  it('shows the depth of each queue and the size of each pool', async () => {
    const api = await openApi({ pools: POOLS })
    const json = { 'content-type': 'application/json' }
    await api.get('/reserve?username=alice&count=4')
    for (const wait of ['1m', '2h']) await api.ask('POST', '/v1/reservations', json, `{"wait":"${wait}"}`)
    const depth = () => figure(api, 'berth_queue_depth')
    assert.deepEqual(await depth(), { '{pool="alpine"}': 2, '{pool="big"}': 0 })
    assert.equal((await notZero(api, 'berth_reservations'))['{pool="alpine",state="waiting"}'], 2)
    api.world.advance(60_000)
    assert.deepEqual(await depth(), { '{pool="alpine"}': 1, '{pool="big"}': 0 })
    assert.deepEqual(await figure(api, 'berth_pool_size'), { '{pool="alpine"}': 4, '{pool="big"}': 2 })
    await api.ask('PATCH', '/v1/pools/big', json, '{"size":1}')
    assert.deepEqual(await figure(api, 'berth_pool_size'), { '{pool="alpine"}': 4, '{pool="big"}': 1 })
  })

  it('measures hours in the queue, only for reservations that waited', async () => {
    const api = await openApi({ pools: POOLS })
    const json = { 'content-type': 'application/json' }
    const wait = () => api.ask('POST', '/v1/reservations', json, '{"wait":"10h","duration":"1h","count":4}')
    for (let time = 0; time < 3; time += 1) await wait()
    for (let time = 0; time < 3; time += 1) {
      api.world.advance(3_600_000)
      await api.world.settle()
    }
    assert.deepEqual(await figure(api, 'berth_queue_wait_seconds_count'), { '': 2 })
    assert.deepEqual(await figure(api, 'berth_queue_wait_seconds_sum'), { '': 3 * 3_600 })
    const buckets = await figure(api, 'berth_queue_wait_seconds_bucket')
    assert.deepEqual([buckets['{le="1800"}'], buckets['{le="3600"}'], buckets['{le="7200"}']], [0, 1, 2])
    assert.ok(!('{operation="queue"}' in (await figure(api, 'berth_operation_duration_seconds_count'))))
  })

  it('counts failures of the engine by code', async () => {
    const api = await openApi({ pools: POOLS })
    await api.get('/reserve?username=alice')
    await api.engine('away')
    await api.get('/release_all')
    assert.deepEqual(await notZero(api, 'berth_engine_errors_total'), { '{code="engine_unavailable"}': 2 })
  })

  it('counts a container that was swapped for another one', async () => {
    const api = await openApi({ pools: POOLS })
    const open = api.world.accounts.createAccounts.bind(api.world.accounts)
    api.world.accounts.createAccounts = async (targets, account) => {
      const outcomes = new Map(await open(targets, account))
      return outcomes.has('alpine-1') ? outcomes.set('alpine-1', new BerthError('guest_failed', 'no')) : outcomes
    }
    assert.equal((await api.get('/reserve?username=alice')).status, 200)
    assert.deepEqual(await notZero(api, 'berth_engine_errors_total'), { '{code="guest_failed"}': 1 })
  })

  it('counts reserves that are refused, by pool and code, and no invalid requests', async () => {
    const api = await openApi({ pools: POOLS })
    const name = 'berth_reserves_refused_total'
    assert.equal((await figure(api, name))['{pool="big",code="not_enough"}'], 0)
    await api.get('/reserve?username=alice&count=4')
    for (const path of ['/reserve?username=bob', '/reserve?username=bob&count=9', '/reserve?username=root']) {
      await api.get(path)
    }
    await api.ask('POST', '/v1/reservations', { 'content-type': 'application/json' }, '{"count":1}')
    await api.engine('away')
    await api.get('/reserve?username=bob&pool=big')
    assert.deepEqual(await notZero(api, name), {
      '{pool="alpine",code="not_enough"}': 2,
      '{pool="big",code="engine_unavailable"}': 1,
    })
  })

  it('counts reservations by outcome, those too that never had a container', async () => {
    const api = await openApi({ pools: POOLS })
    const json = { 'content-type': 'application/json' }
    const name = 'berth_reservations_ended_total'
    assert.equal((await figure(api, name))['{pool="alpine",outcome="failed"}'], 0)
    await api.get('/reserve?username=alice&count=4')
    const waiting = await api.ask('POST', '/v1/reservations', json, '{"wait":"10m"}')
    await api.ask('DELETE', `/v1/reservations/${JSON.parse(waiting.text).id}`)
    await api.ask('POST', '/v1/reservations', json, '{"wait":"1m"}')
    api.world.advance(60_000)
    await api.world.settle()
    await api.get('/release_all')
    await api.world.settle()
    await api.get('/reserve?username=bob&duration=1')
    api.world.advance(60_000)
    await api.world.settle()
    assert.deepEqual(await notZero(api, name), {
      '{pool="alpine",outcome="cancelled"}': 1,
      '{pool="alpine",outcome="failed"}': 1,
      '{pool="alpine",outcome="released"}': 1,
      '{pool="alpine",outcome="expired"}': 1,
    })
  })

  it('counts and measures requests by method, pattern and status, whatever clients send', async () => {
    const api = await openApi({ pools: POOLS })
    await api.get('/v1/reservations/secret')
    await api.get('/v1/reservations/other')
    await api.ask('HEAD', '/available')
    for (const url of ['/a/1', '/b/2']) await api.server.inject({ method: 'PROPFIND' as 'GET', url })
    assert.deepEqual(await figure(api, 'berth_http_requests_total'), {
      '{method="GET",route="/v1/reservations/:id",code="404"}': 2,
      '{method="HEAD",route="/available",code="200"}': 1,
      '{method="other",route="(no route)",code="404"}': 2,
    })
    const buckets = await figure(api, 'berth_http_request_duration_seconds_bucket')
    assert.equal(buckets['{le="+Inf",method="GET",route="/v1/reservations/:id"}'], 2)
    assert.ok('{le="0.001",method="HEAD",route="/available"}' in buckets)
  })

  it('shows the version of the manager', async () => {
    const shown = await figure(await openApi(), 'berth_build_info')
    assert.deepEqual(shown, { [`{version="1.2.3",node="${process.version}",engine="memory"}`]: 1 })
  })

  it('is what docs/metrics.md lists, all of it and nothing else', async () => {
    const api = await openApi({ pools: POOLS })
    // The first count is that of the first scrape.
    await api.server.inject('/metrics')
    const { payload } = await api.server.inject('/metrics')
    const shown = [...payload.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`)
    const page = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8')
    const listed = [...page.matchAll(/^\| `([a-z0-9_]+)(?:\{[^}]*\})?` \| (counter|gauge|histogram) \|/gm)]
    assert.deepEqual(listed.map(([, name, type]) => `${name} ${type}`).toSorted(), shown.toSorted())
    for (const [row = ''] of listed) {
      const [, name = '', labels = ''] = /`([a-z0-9_]+)(?:\{([^}]*)\})?`/.exec(row) ?? []
      if (!name.startsWith('berth_')) continue
      const sample = new RegExp(`^${name}(?:_count)?(?:\\{(.*)\\})? `, 'm').exec(payload)
      const has = [...(sample?.[1] ?? '').matchAll(/(\w+)="/g)].map(([, label = '']) => label).toSorted()
      const documented = [...labels.matchAll(/\w+/g)].map(([label]) => label).toSorted()
      // A metric with labels has no sample before it is counted.
      if (sample) assert.deepEqual(documented, has, name)
    }
  })

  it('shows the process, and no names', async () => {
    const api = await openApi({ pools: POOLS })
    await api.get('/reserve?username=somebody&password=hunter2')
    const { statusCode, headers, payload } = await api.server.inject('/metrics')
    assert.equal(statusCode, 200)
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
    assert.match(payload, /^process_cpu_seconds_total \d/m)
    assert.match(payload, /^nodejs_eventloop_lag_p99_seconds \d/m)
    assert.doesNotMatch(payload, /somebody|hunter2|\$6\$|alpine-1/)
  })

  it('keeps the metrics of two managers in one process apart', async () => {
    const [one, other] = [await openApi({ pools: POOLS }), await openApi({ pools: POOLS })]
    await one.get('/reserve?username=alice')
    assert.deepEqual(await notZero(other, 'berth_reservations'), {})
    assert.equal((await figure(other, 'berth_operation_duration_seconds_count'))['{operation="reserve"}'], 0)
  })
})

describe('every operations endpoint', () => {
  for (const path of PATHS) {
    it(`${path} is read-only, not cached, and refused to pages of other sites`, async () => {
      const { server } = await openApi()
      const { statusCode, headers } = await server.inject(path)
      assert.deepEqual({ statusCode, cache: headers['cache-control'] }, { statusCode: 200, cache: 'no-store' })
      assert.equal((await server.inject({ method: 'POST', url: path })).statusCode, 405)
      assert.equal((await server.inject({ url: path, headers: { host: 'evil.example' } })).statusCode, 403)
      assert.equal((await server.inject({ url: path, headers: { 'sec-fetch-site': 'cross-site' } })).statusCode, 403)
    })
  }
})
