/** The audit log, page by page. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Api, openApi } from '../../../lab/api.ts'

const JSON_BODY = { 'content-type': 'application/json' }

async function ask(api: Api, query = '') {
  const { status, text } = await api.get(`/v1/events${query}`)
  return { status, body: JSON.parse(text) }
}

interface View {
  readonly id: number
  readonly kind: string
  readonly by: string
  readonly container: string | null
}

async function kinds(api: Api, query = ''): Promise<string[]> {
  const { body } = await ask(api, query)
  return body.events.map(({ kind, container }: View) => `${kind} ${container ?? ''}`.trimEnd())
}

/** A filled pool, and a reservation that has ended. */
async function used(): Promise<Api> {
  const api = await openApi()
  await api.ask('POST', '/v1/reservations', JSON_BODY, '{"username":"alice","count":2}')
  api.world.advance(1_000)
  await api.ask('DELETE', '/v1/reservations/r1')
  return api
}

describe('GET /v1/events', () => {
  it('lists every change, oldest first, with identity, subject and time', async () => {
    const api = await used()
    const { status, body } = await ask(api, '?reservation=r1')
    assert.equal(status, 200)
    const first = body.events[0].id
    const [began, ended] = ['2027-01-15T08:00:00.000Z', '2027-01-15T08:00:01.000Z']
    const about = { pool: 'alpine', reservation: 'r1', owner: 'anyone', username: 'alice', detail: null }
    const whole = { ...about, container: null, generation: null }
    const one = { ...about, container: 'alpine-1', generation: 1 }
    const other = { ...about, container: 'alpine-2', generation: 1 }
    assert.deepEqual(
      body.events.map((event: View) => ({ ...event, id: event.id - first })),
      [
        { id: 0, at: began, kind: 'reservation.preparing', by: 'anyone', ...whole },
        { id: 1, at: began, kind: 'container.reserved', by: 'anyone', ...one },
        { id: 2, at: began, kind: 'container.reserved', by: 'anyone', ...other },
        { id: 3, at: began, kind: 'reservation.active', by: 'berth', ...whole },
        { id: 4, at: ended, kind: 'reservation.ending', by: 'anyone', ...whole, detail: 'released' },
        { id: 5, at: ended, kind: 'container.removing', by: 'anyone', ...one },
        { id: 6, at: ended, kind: 'container.removing', by: 'anyone', ...other },
        { id: 7, at: ended, kind: 'reservation.ended', by: 'berth', ...whole, detail: 'released' },
      ],
    )
    assert.equal(body.next, null)
  })

  it('lists the actions of admins', async () => {
    const api = await openApi()
    const { body: before } = await ask(api)
    await api.ask('POST', '/v1/containers/alpine-3/quarantine')
    await api.ask('POST', '/v1/containers/alpine-3/return')
    await api.ask('PATCH', '/v1/pools/alpine', JSON_BODY, '{"size":9}')
    const { body } = await ask(api, `?after=${before.events.at(-1).id}`)
    assert.deepEqual(
      body.events.map(({ kind, by, container, detail }: View & { detail: string }) => [kind, by, container, detail]),
      [
        ['container.quarantined', 'anyone', 'alpine-3', null],
        ['container.removing', 'anyone', 'alpine-3', null],
        ['pool.scaled', 'anyone', null, '9'],
        ['container.removing', 'anyone', 'alpine-10', 'the pool has shrunk'],
      ],
    )
  })

  it('pages without repeating or losing an event', async () => {
    const api = await used()
    const { events: all } = (await ask(api)).body
    const seen: View[] = []
    let query = '?limit=3'
    for (let pages = 1; ; pages += 1) {
      const { body } = await ask(api, query)
      seen.push(...body.events)
      if (body.next === null) break
      assert.equal(body.events.length, 3)
      query = `?limit=3&after=${body.next}`
      assert.ok(pages < 50)
    }
    assert.ok(all.length > 20)
    assert.deepEqual(seen, all)
    assert.deepEqual((await ask(api, `?after=${all.at(-1).id}`)).body, { events: [], next: null })
  })

  it('lists the latest events, oldest first', async () => {
    const api = await used()
    const { events: all } = (await ask(api)).body
    assert.deepEqual((await ask(api, '?tail=3')).body, { events: all.slice(-3), next: null })
    assert.deepEqual((await ask(api, '?tail=1000')).body, { events: all, next: null })
    assert.deepEqual(await kinds(api, '?tail=2&kind=container.ready'), [
      'container.ready alpine-9',
      'container.ready alpine-10',
    ])
    assert.deepEqual((await ask(api, `?tail=3&after=${all.at(-2).id}`)).body.events, all.slice(-1))
  })

  it('filters by kind, pool, container and reservation', async () => {
    const api = await used()
    assert.deepEqual(await kinds(api, '?kind=reservation.active'), ['reservation.active'])
    assert.deepEqual(await kinds(api, '?container=alpine-1&reservation=r1'), [
      'container.reserved alpine-1',
      'container.removing alpine-1',
    ])
    assert.deepEqual(await kinds(api, '?container=alpine-3'), [
      'container.creating alpine-3',
      'container.ready alpine-3',
    ])
    assert.equal((await kinds(api, '?pool=alpine')).length, (await kinds(api)).length)
    for (const none of ['?pool=big', '?reservation=r2', '?kind=token.created'])
      assert.deepEqual(await kinds(api, none), [])
  })

  const violations: [query: string, path: string][] = [
    ['after=-1', 'after'],
    ['after=x', 'after'],
    ['after=999999', 'after'],
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['tail=0', 'tail'],
    ['tail=1001', 'tail'],
    ['tail=5&limit=5', 'tail'],
    ['kind=container.exploded', 'kind'],
    ['colour=red', 'colour'],
    ['live=true', 'live'],
    ['live=perhaps', 'live'],
  ]
  for (const [query, path] of violations) {
    it(`refuses ${query}`, async () => {
      const { status, body } = await ask(await openApi(), `?${query}`)
      assert.deepEqual([status, body.code, body.errors[0].path], [422, 'invalid_request', path])
    })
  }

  it('cannot be changed', async () => {
    const api = await used()
    const before = (await ask(api)).body
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const { status, headers } = await api.ask(method, '/v1/events')
      assert.deepEqual([status, headers['allow']], [405, 'GET, HEAD'])
    }
    assert.deepEqual((await ask(api)).body, before)
  })
})
