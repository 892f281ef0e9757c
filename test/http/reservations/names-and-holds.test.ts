/** Names and notes of reservations, reservations on hold, and resets, over the API. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Api, openApi } from '../../../lab/api.ts'
import { pool } from '../../../lab/rows.ts'

const HOUR = 3_600_000

async function ask(api: Api, method: string, url: string, body?: object) {
  const headers = body ? { 'content-type': 'application/json' } : undefined
  const answer = await api.ask(method, url, headers, body && JSON.stringify(body))
  return { status: answer.status, body: JSON.parse(answer.text) }
}

describe('the name of a reservation', () => {
  it('is shown wherever the reservation is, also while it waits', async () => {
    const api = await openApi({ pools: [pool({ name: 'alpine', size: 1 })] })
    const { status, body } = await ask(api, 'POST', '/v1/reservations', { name: 'web' })
    assert.deepEqual([status, body.name], [201, 'web'])
    const waiting = await ask(api, 'POST', '/v1/reservations', { name: 'db', wait: '10m' })
    assert.deepEqual([waiting.status, waiting.body.name], [202, 'db'])
    const listed = await ask(api, 'GET', '/v1/reservations')
    assert.deepEqual(listed.body.reservations.map(({ name }: { name: string }) => name).toSorted(), ['db', 'web'])
  })

  it('is refused with 409 while another reservation of the owner has it', async () => {
    const api = await openApi()
    const { body: first } = await ask(api, 'POST', '/v1/reservations', { name: 'web' })
    const { status, body } = await ask(api, 'POST', '/v1/reservations', { name: 'web' })
    assert.deepEqual([status, body.code], [409, 'conflict'])
    assert.equal(
      body.detail,
      `you already have a reservation named "web", ${first.id}; choose another name, or release that one first`,
    )
    await ask(api, 'DELETE', `/v1/reservations/${first.id}`)
    assert.equal((await ask(api, 'POST', '/v1/reservations', { name: 'web' })).status, 201)
  })

  it('is refused with 422 if it could mean something else, or is not valid', async () => {
    const api = await openApi()
    for (const name of ['alpine-1', 'Web', '', 'deadbeef']) {
      const { status, body } = await ask(api, 'POST', '/v1/reservations', { name })
      assert.deepEqual([status, body.errors[0].path], [422, 'name'], name)
    }
    const { body } = await ask(api, 'POST', '/v1/reservations', { name: 'Web' })
    assert.match(body.errors[0].message, /^must be 1 to 32 characters a-z, 0-9 and "-".*; got "Web"$/)
  })

  it('is no parameter of the simple API', async () => {
    const api = await openApi()
    assert.equal((await ask(api, 'GET', '/reserve?username=alice&name=web')).status, 400)
  })
})

describe('the note of a reservation', () => {
  it('can be changed and removed until the reservation ends; each change is an event', async () => {
    const api = await openApi({ pools: [pool({ name: 'alpine', size: 1 })] })
    const { body } = await ask(api, 'POST', '/v1/reservations', { note: 'draft' })
    const { body: waiting } = await ask(api, 'POST', '/v1/reservations', { wait: '10m' })
    const change = (note: unknown, id = body.id) => ask(api, 'PATCH', `/v1/reservations/${id}`, { note })
    const changed = await change('for the exam')
    assert.deepEqual([changed.status, changed.body.note, changed.body.clamped], [200, 'for the exam', null])
    assert.equal(changed.body.expires_at, body.expires_at)
    assert.equal((await change('for the exam')).body.note, 'for the exam')
    assert.equal((await change('next', waiting.id)).body.note, 'next')
    assert.equal((await change('')).body.note, null)
    const { body: log } = await ask(api, 'GET', '/v1/events?kind=reservation.noted')
    const details = log.events.map(({ reservation, detail }: Record<string, unknown>) => [reservation, detail])
    assert.deepEqual(details, [
      [body.id, 'for the exam'],
      [waiting.id, 'next'],
      [body.id, null],
    ])
    assert.equal((await change('x'.repeat(501))).status, 422)
    await ask(api, 'DELETE', `/v1/reservations/${body.id}`)
    const late = await change('too late')
    assert.deepEqual([late.status, late.body.code], [409, 'not_active'])
    assert.equal((await change('x', 'nothing')).status, 404)
  })
})

describe('POST /v1/reservations/{id}/hold', () => {
  const POOLS = [
    pool({ name: 'alpine', hold: { max: HOUR, containers: 2 } }),
    pool({ name: 'plain', ports: [1, 2, 3] }),
  ]

  it('answers with the new end, and with 409 the second time', async () => {
    const api = await openApi({ pools: POOLS })
    const { body } = await ask(api, 'POST', '/v1/reservations', { keepalive: '2m' })
    const held = await ask(api, 'POST', `/v1/reservations/${body.id}/hold`, { duration: '30m' })
    const now = api.world.now()
    assert.equal(held.status, 200)
    assert.deepEqual(
      [held.body.held_at, held.body.expires_at, held.body.keepalive_until],
      [new Date(now).toISOString(), new Date(now + HOUR / 2).toISOString(), null],
    )
    const again = await ask(api, 'POST', `/v1/reservations/${body.id}/hold`, { duration: '30m' })
    assert.deepEqual([again.status, again.body.code], [409, 'conflict'])
  })

  it('is refused with a reason', async () => {
    const api = await openApi({ pools: POOLS })
    const { body } = await ask(api, 'POST', '/v1/reservations', {})
    const { body: plain } = await ask(api, 'POST', '/v1/reservations', { pool: 'plain' })
    const hold = (id: string, some: object) => ask(api, 'POST', `/v1/reservations/${id}/hold`, some)
    for (const duration of ['2h', 'soon', '1s']) assert.equal((await hold(body.id, { duration })).status, 422, duration)
    assert.equal((await hold(body.id, {})).status, 422)
    assert.match(
      (await hold(plain.id, { duration: '1m' })).body.detail,
      /^pool "plain" does not allow reservations on hold; an admin/,
    )
    assert.equal((await hold('nothing', { duration: '1m' })).status, 404)
  })

  it('is shown by GET /v1/pools where it is possible', async () => {
    const api = await openApi({ pools: POOLS })
    const { body } = await ask(api, 'GET', '/v1/pools')
    assert.deepEqual(
      body.pools.map(({ hold }: { hold: unknown }) => hold),
      [{ max_seconds: 3_600, containers: 2 }, null],
    )
  })
})

describe('POST /v1/containers/{name}/reset', () => {
  it('answers 202 at once; the reservation shows when the fresh container can be used', async () => {
    const api = await openApi()
    const { body } = await ask(api, 'POST', '/v1/reservations', {})
    const shown = async () => (await ask(api, 'GET', `/v1/reservations/${body.id}`)).body.containers[0]
    assert.deepEqual([body.containers[0].generation, body.containers[0].ready], [1, true])
    const { status, body: container } = await ask(api, 'POST', '/v1/containers/alpine-1/reset')
    assert.deepEqual(
      [status, container.state, container.generation, container.error],
      [202, 'reserved', 1, 'reset on request'],
    )
    assert.equal((await shown()).ready, false)
    await api.world.settle()
    const fresh = await shown()
    assert.deepEqual([fresh.generation, fresh.ready], [2, true])
    assert.notEqual(fresh.host_key, body.containers[0].host_key)
  })

  it('is refused for a container that is not reserved (409) or does not exist (404)', async () => {
    const api = await openApi()
    assert.equal((await ask(api, 'POST', '/v1/containers/alpine-1/reset')).status, 409)
    assert.equal((await ask(api, 'POST', '/v1/containers/alpine-99/reset')).status, 404)
  })
})
