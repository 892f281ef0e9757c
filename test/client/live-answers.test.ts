/** Unexpected responses to a live view, and the pauses before its next attempts. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, describe, it } from 'node:test'
import { ApiError, Unreachable } from '../../src/client/client.ts'
import { Outage } from '../../src/client/live.ts'
import { reservePorts } from '../../lab/ports.ts'
import { LiveWatch } from '../support/http/live-watch.ts'
import { type Answer, openStream, page, refusal, scriptedServer } from '../support/http/scripted-server.ts'

function clock(id: number): string {
  return `event: clock\ndata: ${JSON.stringify({ now: '2026-11-29T14:02:11.123Z', after: id })}\n\n`
}

describe('followLive', () => {
  const broken: readonly [what: string, answer: Answer, code: string][] = [
    ['a page of a captive portal', page(200), 'not_berth'],
    ['a 404 page', page(404), 'not_berth'],
    ['a refusal by a proxy', page(401), 'not_berth'],
    ['another refusal by a proxy', page(403), 'https_required'],
    ['a proxy without its manager', page(502), 'unreachable'],
    ['too many streams', refusal(429, 'rate_limited'), 'rate_limited'],
    ['a failure of the manager', refusal(500, 'internal'), 'internal'],
    [
      'JSON',
      (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
      'not_berth',
    ],
    ['nothing', (_, response) => void response.writeHead(204).end(), 'not_berth'],
  ]
  for (const [what, answer, code] of broken) {
    it(`reconnects after ${what}, and continues where it was`, async () => {
      const { url, asked } = await scriptedServer(
        (_, response) => void openStream(response).end(clock(7)),
        answer,
        (_, response) => void openStream(response).write(clock(7)),
      )
      const watch = new LiveWatch(url)
      await watch.heard('broken', 2)
      const error = watch.of('broken')[1]?.error
      assert.ok(error instanceof ApiError, String(error))
      assert.equal(error.code, code)
      await watch.heard('connected', 2)
      const path = '/v1/events?live=true'
      assert.deepEqual(
        asked,
        [path, `${path}&after=7`, `${path}&after=7`].map((each) => `${each} text/event-stream`),
      )
    })
  }

  it('retries a first connection that is refused, until there is a manager', async () => {
    const [port = 0] = await reservePorts(1)
    const watch = new LiveWatch(`http://127.0.0.1:${port}`)
    await watch.heard('broken', 2)
    const error = watch.of('broken')[0]?.error
    assert.ok(error instanceof Unreachable && error.code === 'ECONNREFUSED', String(error))
    const http = createServer((_, response) => void openStream(response).write(clock(1))).listen(port, '127.0.0.1')
    after(() => {
      http.close()
      http.closeAllConnections()
    })
    await watch.heard('connected')
  })

  it('ends a pause at once on hurry', async () => {
    const { url } = await scriptedServer(
      (_, response) => void openStream(response).end(clock(1)),
      (_, response) => void openStream(response).write(clock(1)),
    )
    const watch = new LiveWatch(url)
    await watch.heard('broken')
    const began = performance.now()
    watch.hurry.dispatchEvent(new Event('hurry'))
    while (watch.of('connected').length < 2) await new Promise(setImmediate)
    assert.ok(performance.now() - began < 400, 'sooner than the shortest pause')
  })

  const refused: readonly [what: string, status: number, code: string, errors?: object[]][] = [
    ['401', 401, 'unauthorized'],
    ['403', 403, 'forbidden'],
    ['422 of an older manager', 422, 'invalid_request', [{ path: 'live', message: 'is unknown' }]],
    ['422 although it sent no id', 422, 'invalid_request', [{ path: 'after', message: 'is later' }]],
  ]
  for (const [what, status, code, errors = []] of refused) {
    it(`throws ${what}`, async () => {
      const { url, asked } = await scriptedServer(refusal(status, code, errors))
      const watch = new LiveWatch(url)
      await assert.rejects(watch.over, (error) => error instanceof ApiError && error.status === status)
      assert.deepEqual([watch.messages, asked.length], [[], 1])
    })
  }

  it('forgets an id that the manager does not know yet, and goes on at once', async () => {
    const { url, asked } = await scriptedServer(
      (_, response) => void openStream(response).end(clock(7)),
      refusal(422, 'invalid_request', [{ path: 'after', message: 'is later than the latest event' }]),
      (_, response) => void openStream(response).write(clock(2)),
    )
    const watch = new LiveWatch(url)
    await watch.heard('connected', 2)
    assert.equal(watch.of('broken').length, 1, 'only the end of the first connection')
    assert.equal(asked[2], '/v1/events?live=true text/event-stream')
  })

  it('ignores messages of later versions, and reads what is split anywhere', async () => {
    const later =
      'event: weather\ndata: {"sun":true}\n\nevent: weather\nid: 8\ndata: {"id":8,"kind":"weather","by":"é"}\n\n'
    const bytes = Buffer.from(clock(7) + later)
    const { url } = await scriptedServer((_, response) => {
      openStream(response)
      void (async () => {
        for (const byte of bytes) {
          response.write(Buffer.of(byte))
          await new Promise(setImmediate)
        }
      })()
    })
    const watch = new LiveWatch(url)
    await watch.heard('event')
    assert.deepEqual(watch.messages.slice(1), [
      { kind: 'clock', now: Date.parse('2026-11-29T14:02:11.123Z') },
      { kind: 'event', event: { id: 8, kind: 'weather', by: 'é' } },
    ])
  })

  it('treats a message that cannot be parsed as a broken connection', async () => {
    const { url } = await scriptedServer(
      (_, response) => void openStream(response).write('event: clock\ndata: {"now\n\n'),
      (_, response) => void openStream(response).write(clock(1)),
    )
    const watch = new LiveWatch(url)
    await watch.heard('connected', 2)
    assert.ok(watch.of('broken')[0]?.error instanceof SyntaxError)
  })
})

describe('pauses', () => {
  const rows: readonly [what: string, outageMs: number, random: number, pauseMs: number][] = [
    ['at first', 0, 0, 500],
    ['at first', 0, 1, 1_000],
    ['after 20 s', 20_000, 0, 2_000],
    ['after 20 s', 20_000, 1, 4_000],
    ['after a minute', 60_000, 1, 12_000],
    ['after an hour', 3_600_000, 0, 15_000],
    ['after an hour', 3_600_000, 1, 30_000],
    ['when the clock was set back', -3_600_000, 1, 1_000],
  ]
  for (const [what, outageMs, random, pauseMs] of rows) {
    it(`take ${pauseMs} ms ${what}, if ${random} is drawn`, () => {
      const outage = new Outage()
      outage.nextPause(null, 1_000_000, 0)
      assert.equal(outage.nextPause(null, 1_000_000 + outageMs, random), pauseMs)
    })
  }

  it('begin again after a connection that lasted, and go on after one that did not', () => {
    const outage = new Outage()
    outage.nextPause(null, 0, 1)
    assert.equal(outage.nextPause(59_000, 60_000, 1), 12_000)
    assert.equal(outage.nextPause(61_000, 71_000, 1), 1_000)
    outage.nextPause(null, 171_000, 1)
    outage.end()
    assert.equal(outage.nextPause(null, 172_000, 1), 1_000)
  })
})
