/**
 * Clients in great numbers, and clients that keep the server waiting: what they hold is bounded, and others are
 * served.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../lab/eventually.ts'
import { effort, tried } from '../../lab/proof.ts'
import { crowd, exchange, statusesIn } from '../support/http/raw-clients.ts'
import { type Served, serve } from '../support/world/served.ts'

const served = await serve()
after(() => served.stop())

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`
const STREAM = 'Accept: text/event-stream\r\n'

async function post(path: string, body: object, { url, token }: Served = served): Promise<{ id: string }> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  assert.ok(answer.ok, await answer.clone().text())
  return (await answer.json()) as { id: string }
}

/** Reserves the whole pool, and queues another reservation. Returns the id of the latter. */
async function queueUp(): Promise<string> {
  await post('/v1/reservations', { pool: 'busy', count: 20 })
  return (await post('/v1/reservations', { pool: 'busy', wait: '1h' })).id
}

const clearQueue = () => post('/v1/release-all', { pool: 'busy' })

describe('clients that ask much', () => {
  it('A connection that sends ten thousand requests and reads no answer is closed, and costs no memory', async (t) => {
    const rounds = effort({ test: 1, prove: 3 })
    const floods = [
      get('/available'),
      get('/openapi.json'),
      get('/reserve?username=alice&pool=busy'),
      get('/v1/events?limit=1000'),
    ]
    await served.withstands(async () => {
      for (let round = 0; round < rounds; round += 1) {
        for (const request of floods) {
          const { open, vanish } = crowd(served.port)
          const socket = open(request.repeat(10_000))
          // It does not read, and so learns of it when it writes.
          await eventually(async () => !socket.write('\r\n') && socket.destroyed)
          vanish()
        }
      }
    })
    await clearQueue()
    tried(t, rounds * floods.length, 'floods of 10,000 requests')
  })

  it('A client that sends requests and never reads is disconnected, and its pending answers are freed', async (t) => {
    const clients = effort({ test: 100, prove: 500 })
    await served.withstands(async () => {
      const { open, vanish } = crowd(served.port)
      for (let nth = 0; nth < clients; nth += 1) open(get('/openapi.json').repeat(8))
      await sleep(500)
      vanish()
    })
    tried(t, clients, 'clients with 2 MB of answers each')
  })

  it('One connection may send request after request for as long as it likes, and costs no more for it', async (t) => {
    const requests = effort({ test: 2_000, prove: 10_000 })
    await served.withstands(async () => {
      const { open, vanish } = crowd(served.port)
      const socket = open()
      socket.setEncoding('latin1').resume()
      for (let sent = 0; sent < requests; sent += 8) {
        socket.write(get('/healthz').repeat(8))
        for (let got = 0; got < 8; ) {
          const [text] = (await once(socket, 'data')) as [string]
          got += text.split('{"status":"ok"').length - 1
        }
      }
      vanish()
    })
    tried(t, requests, 'requests on one connection')
  })
})

describe('clients that do nothing', () => {
  it('Two thousand connections that send nothing keep no other client out', async (t) => {
    const connections = effort({ test: 2_500, prove: 4_500 })
    await served.withstands(async () => {
      const { connected, vanish } = crowd(served.port)
      for (let made = 0; made < connections; made += 500) await connected(500)
      await sleep(500)
      const { descriptors } = served.seen()
      assert.ok(descriptors > 1_900 && descriptors < 2_100, `${descriptors} are open: the test shows nothing`)
      vanish()
    })
    tried(t, connections, 'idle connections')
  })

  it('Where the system allows only few connections, the server survives more of them, and serves again', async (t) => {
    const small = await serve({ descriptors: 120 })
    try {
      const { connected, vanish } = crowd(small.port)
      await connected(400)
      await eventually(async () => small.seen().descriptors >= 110)
      vanish()
      await eventually(async () => statusesIn(await exchange(small.port, get('/available')))[0] === 200)
      await small.withstands(async () => sleep(200))
    } finally {
      await small.stop()
    }
    tried(t, 400, 'connections for 120 descriptors')
  })

  it('A client that sends a head or body one byte at a time is disconnected at the deadline', async (t) => {
    const clients = effort({ test: 100, prove: 500 })
    const body =
      'POST /v1/reservations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{'
    // Time for a head is 10 seconds, and for a whole request 30: looked at every other second.
    const kinds = effort({ test: 1, prove: 2 })
    await served.withstands(async () => {
      const { open, vanish } = crowd(served.port)
      const sockets = Array.from({ length: clients }, (_, nth) =>
        open(kinds === 2 && nth % 2 ? body : 'GET /available HTTP/1.1\r\nX: '),
      )
      const drip = setInterval(() => {
        for (const socket of sockets) if (!socket.destroyed) socket.write('a')
      }, 1_000)
      try {
        const began = performance.now()
        const all = (within: number) => performance.now() - began > within * 1_000
        while (!sockets.every((socket) => socket.destroyed) && !all(kinds === 2 ? 36 : 15)) await sleep(100)
      } finally {
        clearInterval(drip)
      }
      assert.deepEqual(sockets.filter((socket) => !socket.destroyed).length, 0)
      vanish()
    })
    tried(t, clients, 'slow clients')
  })
})

describe('clients that wait', () => {
  it('Event streams that are not read delay nothing, and one caller has at most 200', async (t) => {
    const events = effort({ test: 1_000, prove: 20_000 })
    await served.withstands(async () => {
      const { open, vanish } = crowd(served.port)
      for (let nth = 0; nth < 200; nth += 1) open(get('/v1/events?after=0', STREAM))
      await eventually(async () => statusesIn(await exchange(served.port, get('/v1/events', STREAM)))[0] === 429)
      const { latest } = await newest()
      while ((await newest()).latest < latest + events) {
        const { id } = await post('/v1/reservations', { pool: 'busy', count: 10, ssh_keys: [KEY] })
        await fetch(`${served.url}/v1/reservations/${id}`, { method: 'DELETE' })
        await eventually(async () => (await readyIn('busy')) >= 10)
      }
      vanish()
    })
    tried(t, events, 'events past 200 streams that are not read')
  })

  it('One caller has at most 200 long polls open, and clients that disconnect leave nothing behind', async (t) => {
    const polls = effort({ test: 1_000, prove: 5_000 })
    const id = await queueUp()
    await served.withstands(async () => {
      const { open, vanish } = crowd(served.port)
      const poll = get(`/v1/reservations/${id}?wait=60`)
      for (let nth = 0; nth < polls; nth += 1) open(poll)
      await eventually(async () => statusesIn(await exchange(served.port, poll))[0] === 429)
      assert.match(await exchange(served.port, poll), /retry-after: 5\r\n[\s\S]*"code":"rate_limited"/i)
      vanish()
      await eventually(async () => statusesIn(await exchange(served.port, poll)).length === 0)
    })
    await clearQueue()
    tried(t, polls, 'long polls')
  })
})

describe('clients that guess', () => {
  it('A client that guesses thousands of tokens costs no memory, and slows down no caller with a token', async (t) => {
    const guesses = effort({ test: 1_000, prove: 20_000 })
    const guarded = await serve({ tokens: true, rateLimit: 100_000 })
    try {
      const statuses = new Map<number, number>()
      await guarded.withstands(async () => {
        const lane = async (count: number) => {
          for (let nth = 0; nth < count; nth += 1) {
            const secret = Math.random().toString(16).slice(2).padEnd(64, '0')
            const guess = get('/v1/me', `Connection: close\r\nAuthorization: Bearer berth_0123456789ab_${secret}\r\n`)
            const [status = 0] = statusesIn(await exchange(guarded.port, guess, 5_000))
            statuses.set(status, (statuses.get(status) ?? 0) + 1)
          }
        }
        await Promise.all(Array.from({ length: 50 }, () => lane(guesses / 50)))
      })
      assert.deepEqual([...statuses], [[401, guesses]])
    } finally {
      await guarded.stop()
    }
    tried(t, guesses, 'guesses')
  })
})

const KEY = `ssh-ed25519 ${'A'.repeat(68)} alice@laptop`

async function newest(): Promise<{ latest: number }> {
  const answer = await fetch(`${served.url}/v1/events?tail=1`)
  const { events } = (await answer.json()) as { events: { id: number }[] }
  return { latest: events[0]?.id ?? 0 }
}

async function readyIn(pool: string): Promise<number> {
  const answer = await fetch(`${served.url}/v1/containers?state=ready&pool=${pool}`)
  return ((await answer.json()) as { containers: unknown[] }).containers.length
}
