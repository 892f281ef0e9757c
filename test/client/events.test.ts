/** Following events over connections that break, against a server that breaks them on purpose. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ApiError, openClient, Unreachable } from '../../src/client/client.ts'
import { followEvents } from '../../src/client/events.ts'
import { openStream, refusal, scriptedServer } from '../support/http/scripted-server.ts'

const written = (id: number) =>
  `id: ${id}\nevent: pool.scaled\ndata: ${JSON.stringify({ id, kind: 'pool.scaled' })}\n\n`

describe('followEvents', () => {
  it('returns each event once, over broken connections and however chunks are split', async () => {
    const { url, asked } = await scriptedServer(
      (_, response) => {
        openStream(response).write(': here\n\n')
        const text = written(1) + written(2)
        response.write(text.slice(0, 25))
        setTimeout(() => response.write(text.slice(25)), 20)
        setTimeout(() => response.destroy(), 60)
      },
      (_, response) => void openStream(response).end(written(3)),
      (_, response) => void response.writeHead(503).end('{}'),
      (_, response) => void openStream(response).write(written(4)),
    )
    const stop = new AbortController()
    const broken: unknown[] = []
    const seen: number[] = []
    const following = { pool: 'alpine', signal: stop.signal, onBroken: (error: unknown) => broken.push(error) }
    for await (const { id } of followEvents(openClient({ url }), following)) {
      seen.push(id)
      if (id === 4) stop.abort()
    }
    assert.deepEqual(seen, [1, 2, 3, 4])
    const path = '/v1/events?pool=alpine'
    assert.deepEqual(
      asked,
      [path, `${path}&after=2`, `${path}&after=3`, `${path}&after=3`].map((each) => `${each} text/event-stream`),
    )
    assert.equal(broken.length, 2)
  })

  it('begins after the given event', async () => {
    const { url, asked } = await scriptedServer((_, response) => void openStream(response).end(written(8)))
    for await (const { id } of followEvents(openClient({ url }), { after: 7 })) {
      assert.equal(id, 8)
      break
    }
    assert.deepEqual(asked, ['/v1/events?after=7 text/event-stream'])
  })

  it('throws a refusal, and a failure of the first connection', async () => {
    const { url } = await scriptedServer(refusal(401, 'unauthorized'))
    await assert.rejects(followEvents(openClient({ url }), {}).next(), (error) => {
      assert.ok(error instanceof ApiError && error.code === 'unauthorized')
      return true
    })
    await assert.rejects(followEvents(openClient({ url }), {}).next(), (error) => error instanceof Unreachable)
  })

  it('stops at once while waiting', async () => {
    const { url } = await scriptedServer((_, response) => void openStream(response).write(': here\n\n'))
    const done = followEvents(openClient({ url }), { signal: AbortSignal.timeout(50) }).next()
    assert.deepEqual(await done, { done: true, value: undefined })
  })
})
