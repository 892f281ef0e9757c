import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Api, openApi } from '../../../lab/api.ts'
import { NOW, pool } from '../../../lab/rows.ts'
import { problem, withoutId } from '../../support/http/problem.ts'

const POOLS = [pool({ name: 'alpine', size: 11 }), pool({ name: 'big', size: 1, ports: [3000] })]

async function ask(api: Api, method: string, url: string) {
  const { status, text } = await api.ask(method, url)
  return { status, body: JSON.parse(text) }
}

const names = ({ containers }: { containers: { name: string }[] }) => containers.map(({ name }) => name)

const FAILED = { state: 'broken', attempts: 2, error: 'why' } as const

async function breakOne(api: Api, name: string): Promise<void> {
  const row = await api.world.store.container(name)
  assert.ok(row && (await api.world.store.updateContainer(row, { ...FAILED, retryAt: NOW + 5_000 }, NOW)))
}

describe('GET /v1/containers', () => {
  it('lists containers in natural order, with holders and errors', async () => {
    const api = await openApi({ pools: POOLS })
    await api.get('/reserve?username=alice')
    await breakOne(api, 'alpine-3')
    const { body } = await ask(api, 'GET', '/v1/containers')
    assert.deepEqual(names(body), [...Array.from({ length: 11 }, (_, index) => `alpine-${index + 1}`), 'big-1'])
    const rows = (await api.world.store.snapshot()).containers
    const common = { pool: 'alpine', since: '2027-01-15T08:00:00.000Z', generation: 1, host: 'localhost' }
    assert.deepEqual(body.containers[0], {
      ...{ ...common, name: 'alpine-1', state: 'reserved', reservation: 'r1', port: 2221 },
      ...{ host_key: rows[0]?.hostKey, known_hosts: `[localhost]:2221 ${rows[0]?.hostPublicKey}` },
      ...{ attempts: 0, retry_at: null, error: null },
    })
    assert.deepEqual(body.containers[2], {
      ...{ ...common, name: 'alpine-3', state: 'broken', reservation: null, port: 2223 },
      ...{ host_key: rows[2]?.hostKey, known_hosts: `[localhost]:2223 ${rows[2]?.hostPublicKey}` },
      ...{ attempts: 2, retry_at: '2027-01-15T08:00:05.000Z', error: 'why' },
    })
  })

  it('shows the host that the engine reports, here and in a reservation', async () => {
    const api = await openApi({ pools: [pool({ name: 'alpine', size: 2 })], nodes: ['node-a', 'node-b'] })
    const hosts = ({ containers }: { containers: { host: string }[] }) => containers.map(({ host }) => host).toSorted()
    assert.deepEqual(hosts((await ask(api, 'GET', '/v1/containers')).body), ['node-a', 'node-b'])
    assert.deepEqual(hosts((await ask(api, 'GET', '/reserve?username=alice&count=2')).body), ['node-a', 'node-b'])
    assert.deepEqual(hosts((await ask(api, 'GET', '/v1/reservations/r1')).body), ['node-a', 'node-b'])
    await ask(api, 'DELETE', '/v1/reservations/r1')
    await api.world.settle()
    assert.deepEqual(hosts((await ask(api, 'GET', '/v1/reservations/r1')).body), ['localhost', 'localhost'])
  })

  it('filters by pool and by state', async () => {
    const api = await openApi({ pools: POOLS })
    await breakOne(api, 'alpine-3')
    for (const [query, expected] of [
      ['pool=big', ['big-1']],
      ['state=broken', ['alpine-3']],
      ['state=broken&pool=big', []],
      ['state=quarantined', []],
      ['pool=nowhere', []],
    ] as const) {
      assert.deepEqual(names((await ask(api, 'GET', `/v1/containers?${query}`)).body), expected, query)
    }
  })

  it('refuses unknown parameters and values', async () => {
    const api = await openApi()
    for (const query of ['state=asleep', 'colour=red']) {
      const { status, body } = await ask(api, 'GET', `/v1/containers?${query}`)
      assert.deepEqual([status, body.errors[0].path], [422, query.split('=')[0]])
    }
  })

  it('names a reservation until its access has ended', async () => {
    const api = await openApi()
    await api.get('/reserve?username=alice')
    const holder = async () => (await ask(api, 'GET', '/v1/containers/alpine-1')).body.reservation
    await api.engine('away')
    await api.get('/release_all')
    assert.equal(await holder(), 'r1')
    await api.engine('back')
    await api.world.settle()
    assert.equal(await holder(), null)
  })
})

describe('GET /v1/containers/{name}', () => {
  it('shows a container as the list does', async () => {
    const api = await openApi({ pools: POOLS })
    await api.get('/reserve?username=alice')
    const { body: list } = await ask(api, 'GET', '/v1/containers')
    for (const shown of [list.containers[0], list.containers[11]]) {
      assert.deepEqual(await ask(api, 'GET', `/v1/containers/${shown.name}`), { status: 200, body: shown })
    }
  })

  it('is 404 for an unknown container', async () => {
    const api = await openApi()
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/recycle'],
      ['POST', '/quarantine'],
      ['POST', '/return'],
    ] as const) {
      const { status, body } = await ask(api, method, `/v1/containers/alpine-99${path}`)
      const why = 'there is no container "alpine-99"'
      assert.deepEqual([status, body.code, body.detail], [404, 'not_found', why], method + path)
    }
  })
})

describe('POST /v1/containers/{name}/…', () => {
  it('quarantine takes a container out of use; return recycles it', async () => {
    const api = await openApi()
    const before = (await ask(api, 'GET', '/v1/containers/alpine-1')).body
    api.world.advance(1_000)
    const since = new Date(api.world.now()).toISOString()
    const aside = await ask(api, 'POST', '/v1/containers/alpine-1/quarantine')
    assert.deepEqual(aside, { status: 200, body: { ...before, state: 'quarantined', since } })
    const available = async () => (await ask(api, 'GET', '/available')).body
    assert.ok(!(await available()).available.includes('alpine-1'))
    assert.deepEqual((await available()).reserved, [])
    const reserved = await ask(api, 'GET', '/reserve?username=alice&count=10')
    assert.deepEqual([reserved.status, reserved.body.error], [409, 'Only 9 containers available'])
    const back = await ask(api, 'POST', '/v1/containers/alpine-1/return')
    assert.deepEqual([back.status, back.body.state], [202, 'removing'])
    await api.world.settle()
    const after = (await ask(api, 'GET', '/v1/containers/alpine-1')).body
    assert.deepEqual([after.state, after.generation], ['ready', 2])
    assert.notEqual(after.host_key, before.host_key)
  })

  it('recycle answers before it is done', async () => {
    const api = await openApi()
    await breakOne(api, 'alpine-1')
    for (let time = 0; time < 2; time += 1) {
      const { status, body } = await ask(api, 'POST', '/v1/containers/alpine-1/recycle')
      assert.deepEqual([status, body.state, body.attempts, body.error], [202, 'removing', 0, 'why'])
    }
    await api.world.settle()
    const { body } = await ask(api, 'GET', '/v1/containers/alpine-1')
    assert.deepEqual([body.state, body.generation, body.error], ['ready', 2, null])
  })

  it('says why it is refused', async () => {
    const api = await openApi()
    await api.get('/reserve?username=alice')
    const before = await api.everything()
    const released = 'alpine-1 is reserved; release reservation r1 first'
    for (const [name, verb, why] of [
      ['alpine-1', 'recycle', released],
      ['alpine-1', 'quarantine', released],
      ['alpine-1', 'return', released],
      ['alpine-2', 'return', 'alpine-2 is ready: not quarantined'],
    ] as const) {
      const { status, body } = await ask(api, 'POST', `/v1/containers/${name}/${verb}`)
      assert.deepEqual(withoutId(body), problem('conflict', why), verb)
      assert.equal(status, 409)
    }
    assert.equal(await api.everything(), before)
  })

  it('is refused as a GET', async () => {
    const api = await openApi()
    for (const verb of ['recycle', 'quarantine', 'return']) {
      const { status, headers } = await api.get(`/v1/containers/alpine-1/${verb}`)
      assert.deepEqual([status, headers['allow']], [405, 'POST'])
    }
    assert.equal((await ask(api, 'POST', '/v1/containers/alpine-1/destroy')).status, 404)
  })
})
