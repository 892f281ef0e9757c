/** The drain before a stop: /readyz answers 503, requests are served, and streams end. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { listening, openApi } from '../../lab/api.ts'
import { Drain } from '../../src/http/drain.ts'
import { pool } from '../../lab/rows.ts'

async function draining(ms = 1) {
  const drain = new Drain()
  let slow: PromiseWithResolvers<void> | null = null
  const api = await openApi({
    pools: [pool({ name: 'alpine', size: 1 })],
    access: ({ store }) => ({
      drain,
      // Makes a request take as long as a test wants.
      authenticate: async () => {
        await slow?.promise
        return { identity: { name: 'ann', role: 'admin', limits: NONE }, auth: 'token', expiresAt: null, token: 't' }
      },
      store,
    }),
  })
  const { address } = await listening(api)
  const hold = () => (slow = Promise.withResolvers<void>())
  return { api, drain, address, hold, begin: () => drain.begin(ms) }
}
const NONE = { containers: null, durationMs: null, pools: null }

it('/readyz answers 503 with `stopping`, and other requests are answered and close their connection', async () => {
  const { address, begin } = await draining()
  const before = await fetch(`${address}/readyz`)
  assert.deepEqual([before.status, before.headers.get('connection')], [200, 'keep-alive'])
  await begin()
  const readiness = await fetch(`${address}/readyz`)
  assert.deepEqual([readiness.status, readiness.headers.get('connection')], [503, 'close'])
  const { problems } = (await readiness.json()) as { problems: { code: string }[] }
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['stopping'],
  )
  const pools = await fetch(`${address}/v1/pools`)
  assert.deepEqual([pools.status, pools.headers.get('connection')], [200, 'close'])
})

it('without a drain nothing changes', async () => {
  const { address, drain } = await draining()
  await drain.begin(0)
  assert.equal((await fetch(`${address}/readyz`)).status, 200)
})

it('a request that is being answered is finished before the server closes', async () => {
  const { api, address, hold, begin } = await draining()
  const { resolve } = hold()
  const request = once(api.server.server, 'request')
  const answer = fetch(`${address}/v1/pools`)
  await request
  await begin()
  let isClosed = false
  const closing = api.server.close().then(() => (isClosed = true))
  await sleep(200)
  assert.equal(isClosed, false)
  resolve()
  assert.equal((await answer).status, 200)
  await closing
})

it('streams and waiting answers end when the server closes', async () => {
  const { api, address, begin } = await draining()
  const send = (username: string, more = {}) =>
    fetch(`${address}/v1/reservations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, ...more }),
    })
  assert.equal((await send('ann')).status, 201)
  const queued = (await (await send('ben', { wait: '5m' })).json()) as { id: string }
  const waiting = fetch(`${address}/v1/reservations/${queued.id}?wait=60`)
  const stream = await fetch(`${address}/v1/events`, { headers: { accept: 'text/event-stream' } })
  await begin()
  await sleep(200)
  const closing = api.server.close()
  assert.match(await stream.text(), /^retry: 2000\n\n/)
  const answer = await waiting
  assert.deepEqual([answer.status, ((await answer.json()) as { state: string }).state], [200, 'waiting'])
  await closing
})
