/** Three managers on one PostgreSQL: a change at one is visible at the others, in answers, streams and terminals. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../lab/eventually.ts'
import { type TestManager, testManagers } from '../../lab/manager.ts'
import { startPostgres } from '../../lab/postgres/server.ts'
import { TerminalViewer } from '../support/http/terminal-client.ts'

/** Maximum time until a change is seen elsewhere. The promise is a second; the rest is for a busy machine. */
const SEEN_MS = 5_000

/** Streams check access every 10 seconds; the rest is for a busy machine. */
const MAX_STREAM_MS = 25_000

/** More than this test sends in a minute beside the test of the limit. */
const LIMIT = 500

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())
const top = { database: await server.createDatabase(), auth: 'tokens', rate_limit: LIMIT }
const managers = await testManagers('sharedview', 3, { size: 3, top })
const [a, b, c] = managers as [TestManager, TestManager, TestManager]

interface Named {
  readonly id: string
  readonly name: string
  readonly state: string
}

/** Sends a request to one manager. Fails if the status is another one. */
async function ask<T = Named>(
  at: TestManager,
  method: string,
  path: string,
  { body, status = 200, headers = {} }: { body?: object; status?: number; headers?: Record<string, string> } = {},
): Promise<T> {
  const sent = { authorization: `Bearer ${a.token}`, ...(body && { 'content-type': 'application/json' }), ...headers }
  const init = { method, headers: sent, ...(body && { body: JSON.stringify(body) }) }
  const answer = await fetch(at.url + path, init)
  const text = await answer.text()
  assert.equal(answer.status, status, `${method} ${path}: ${text}`)
  return (text === '' ? {} : JSON.parse(text)) as T
}

const reserve = (at: TestManager, more: object = {}) =>
  ask(at, 'POST', '/v1/reservations', { body: { username: 'ann', ...more }, status: 201 })

before(async () => {
  await a.startWithToken()
  for (const manager of [b, c]) {
    manager.token = a.token
    await manager.start()
  }
  await a.untilReady()
  await eventually(async () => (await fetch(`${b.url}/readyz`)).ok && (await fetch(`${c.url}/readyz`)).ok)
})

describe('what one manager has answered, the others show', () => {
  it('at once, over many rounds', async () => {
    const { id } = await reserve(a)
    for (let round = 0; round < 30; round += 1) {
      const [one, other] = [managers[round % 3], managers[(round + 1) % 3]] as [TestManager, TestManager]
      await ask(one, 'PATCH', `/v1/reservations/${id}`, { body: { note: `round ${round}` } })
      const seen = await ask<{ note: string }>(other, 'GET', `/v1/reservations/${id}`)
      assert.equal(seen.note, `round ${round}`)
    }
    await ask(b, 'DELETE', `/v1/reservations/${id}`)
    assert.match((await ask(c, 'GET', `/v1/reservations/${id}`)).state, /^end/)
  })

  it('the size of a pool at once', async () => {
    const sizeAt = async (at: TestManager) =>
      (await ask<{ pools: { size: number }[] }>(at, 'GET', '/v1/pools')).pools[0]?.size
    for (const [nth, size] of [2, 3, 2, 3].entries()) {
      await ask(managers[nth % 3] as TestManager, 'PATCH', `/v1/pools/${a.pool}`, { body: { size } })
      assert.deepEqual([await sizeAt(a), await sizeAt(b), await sizeAt(c)], [size, size, size])
    }
  })

  it('in streams and waiting answers within a second', async () => {
    const over = new AbortController()
    const headers = { authorization: `Bearer ${a.token}`, accept: 'text/event-stream' }
    const heard: string[] = []
    for (const at of [b, c]) {
      const { body } = await fetch(`${at.url}/v1/events`, { headers, signal: over.signal })
      assert.ok(body)
      const read = async () => {
        for await (const text of body.pipeThrough(new TextDecoderStream())) heard.push(`${at.url} ${text}`)
      }
      read().catch(() => undefined)
    }
    await a.untilReady()
    await sleep(500)
    const { id } = await reserve(a, { count: 3 })
    const answeredAt = performance.now()
    await eventually(async () =>
      [b, c].every(({ url }) => heard.some((text) => text.startsWith(url) && text.includes(id))),
    )
    const tookMs = performance.now() - answeredAt
    assert.ok(tookMs < SEEN_MS, `seen after ${tookMs} ms`)

    const queued = await ask(b, 'POST', '/v1/reservations', { body: { username: 'bea', wait: '2m' }, status: 202 })
    const waiting = ask(c, 'GET', `/v1/reservations/${queued.id}?wait=60`)
    await ask(a, 'DELETE', `/v1/reservations/${id}`)
    assert.equal((await waiting).state, 'active')
    await ask(a, 'DELETE', `/v1/reservations/${queued.id}`)
    over.abort()
  })
})

describe('access', () => {
  it('of a deleted token and an ended session ends at every manager, also for streams', async () => {
    const { token, id } = await ask<{ token: string; id: string }>(a, 'POST', '/v1/tokens', {
      body: { name: 'tom' },
      status: 201,
    })
    const signIn = await fetch(`${a.url}/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: a.url },
      body: JSON.stringify({ token }),
    })
    assert.equal(signIn.status, 201, await signIn.clone().text())
    // Managers behind one address share the name of the cookie; here each has a port.
    const secret = /=([^;]+)/.exec(signIn.headers.get('set-cookie') ?? '')?.[1]
    const cookieAt = (at: TestManager) => ({
      cookie: `berth-${new URL(at.url).port}=${secret}`,
      'sec-fetch-site': 'same-origin',
    })
    const meAt = async (at: TestManager) => (await fetch(`${at.url}/v1/me`, { headers: cookieAt(at) })).status
    assert.deepEqual([await meAt(a), await meAt(b), await meAt(c)], [200, 200, 200])
    const streams = [{ ...cookieAt(b) }, { authorization: `Bearer ${token}` }].map(async (headers) => {
      const answer = await fetch(`${b.url}/v1/events`, { headers: { ...headers, accept: 'text/event-stream' } })
      assert.equal(answer.status, 200)
      await answer.text()
    })
    await sleep(300)
    await fetch(`${c.url}/v1/session`, { method: 'DELETE', headers: { ...cookieAt(c), origin: c.url } })
    assert.deepEqual([await meAt(a), await meAt(b)], [401, 401])
    await ask(c, 'DELETE', `/v1/tokens/${id}`)
    const refused = await fetch(`${b.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } })
    assert.equal(refused.status, 401)
    const began = performance.now()
    await Promise.all(streams)
    assert.ok(performance.now() - began < MAX_STREAM_MS)
  })
})

describe('a terminal', () => {
  it('that was opened at one manager is viewed at another one, with a ticket that is valid once', async () => {
    await a.untilReady()
    const { id: reservation } = await reserve(a)
    const held = await ask<{ containers: { name: string }[] }>(a, 'GET', `/v1/reservations/${reservation}`)
    const name = held.containers[0]?.name
    const size = { cols: 80, rows: 24 }
    const opened = await ask<{ id: string; ticket: string }>(a, 'POST', `/v1/containers/${name}/terminals`, {
      body: size,
      status: 201,
    })
    const { id, ticket } = opened
    const headers = { authorization: `Bearer ${a.token}` }
    const first = new TerminalViewer({ address: b.url, id, ticket, headers })
    assert.equal((await first.attached())['lost'], false)
    await first.run('echo shell-$((40 + 2)); place=here', /shell-42/)
    const again = new TerminalViewer({ address: c.url, id, ticket, headers })
    await assert.rejects(again.attached(), { status: 401 })

    const next = await ask<{ ticket: string }>(a, 'POST', `/v1/terminals/${id}/tickets`, { status: 201 })
    const moved = new TerminalViewer({ address: c.url, id, ticket: next.ticket, headers })
    assert.equal((await moved.attached())['lost'], false)
    assert.equal((await first.closed).code, 1012)
    await moved.run('echo still-$place', /still-here/)

    await ask(a, 'DELETE', `/v1/terminals/${id}`, { status: 204 })
    const { code, reason } = await moved.closed
    assert.equal(code, 4410, reason)
    await ask(b, 'DELETE', `/v1/reservations/${reservation}`)
  })
})

// Last: it uses up the limit of this address.
describe('the rate limit', () => {
  it('of a client is that of all managers together, within a second', async () => {
    const headers = { authorization: 'Bearer wrong' }
    const refusalAt = async (at: TestManager) => {
      const answer = await fetch(`${at.url}/v1/me`, { headers })
      await answer.arrayBuffer()
      return answer.status
    }
    const send = async () => {
      while ((await refusalAt(a)) === 401);
    }
    await Promise.all(Array.from({ length: 10 }, send))
    await sleep(1_500)
    await refusalAt(b)
    await eventually(async () => (await refusalAt(b)) === 429)
    await eventually(async () => (await refusalAt(c)) === 429)
    // Others are not affected.
    await ask(b, 'GET', '/v1/pools')
  })
})
