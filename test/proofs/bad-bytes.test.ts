/** Bytes that are not a valid request: the server refuses them or hangs up, and goes on serving other clients. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { effort, tried } from '../../lab/proof.ts'
import { crowd, exchange, statusesIn } from '../support/http/raw-clients.ts'
import { eventually } from '../../lab/eventually.ts'
import { serve } from '../support/world/served.ts'

const served = await serve()
after(() => served.stop())

const MiB = 1024 ** 2
const LANES = 16
const HEAD = 'Host: localhost\r\nConnection: close\r\n'
const JSON_TYPE = 'Content-Type: application/json\r\n'
const body = (text: string) => `${JSON_TYPE}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`

const VALID = [
  `GET /available HTTP/1.1\r\n${HEAD}\r\n`,
  `GET /reserve?username=alice&password=secret&pool=busy HTTP/1.1\r\n${HEAD}\r\n`,
  `POST /v1/reservations HTTP/1.1\r\n${HEAD}${body('{"pool":"busy","username":"alice","count":2}')}`,
  `POST /v1/reservations HTTP/1.1\r\n${HEAD}${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n10\r\n{"pool":"busy"  }\r\n0\r\n\r\n`,
  `PATCH /v1/pools/busy HTTP/1.1\r\n${HEAD}${body('{"size":20}')}`,
  `GET /v1/events?tail=5 HTTP/1.1\r\n${HEAD}Last-Event-ID: 3\r\n\r\n`,
]

/** Bytes put in, taken out, changed or doubled, anywhere. */
const mutated = fc
  .tuple(
    fc.constantFrom(...VALID),
    fc.array(
      fc.record({
        at: fc.nat(400),
        how: fc.constantFrom('set', 'insert', 'cut', 'double'),
        bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  )
  .map(([valid, changes]) =>
    changes.reduce((text, { at, how, bytes }) => {
      const where = at % (text.length + 1)
      const rest = text.subarray(where + (how === 'cut' || how === 'set' ? bytes.length : 0))
      const inside = how === 'cut' ? Buffer.alloc(0) : how === 'double' ? text.subarray(where, where + 40) : bytes
      return Buffer.concat([text.subarray(0, where), inside, rest])
    }, Buffer.from(valid)),
  )

const noise = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 500 }).map((text) => Buffer.from(`${text}\r\n\r\n`)),
)

/** All of them, some at a time. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  const lane = async () => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

async function sendAll(requests: fc.Arbitrary<Buffer>, count: number): Promise<Map<number, number>> {
  const seed = Math.trunc(Math.random() * 2 ** 31)
  const statuses = new Map<number, number>()
  await each(fc.sample(requests, { numRuns: count, seed }), async (bytes) => {
    for (const status of statusesIn(await exchange(served.port, bytes))) {
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      // A mutated reserve is often a good one, and the pool is soon empty.
      assert.ok(status < 500, `${status} for ${JSON.stringify(bytes.toString('latin1'))} (seed ${seed})`)
    }
  })
  return statuses
}

it('Random bytes, and requests with bytes changed at random, never cause a 5xx, and other clients are served promptly', async (t) => {
  const count = effort({ test: 600, prove: 4_000 })
  const seen = new Map<number, number>()
  await served.withstands(async () => {
    for (const [kind, part] of [
      [mutated, 0.7],
      [noise, 0.3],
    ] as const) {
      for (const [status, times] of await sendAll(kind, Math.ceil(count * part))) seen.set(status, times)
    }
  })
  // Otherwise they were all refused at the door, and showed nothing.
  for (const status of [200, 400]) assert.ok(seen.get(status), `never ${status}: ${[...seen.keys()]}`)
  tried(t, count, 'random or mutated requests')
})

const SMUGGLED = 'GET /release_all HTTP/1.1\r\nHost: localhost\r\n\r\n'
const post = (headers: string, rest: string) =>
  `POST /v1/reservations HTTP/1.1\r\nHost: localhost\r\n${JSON_TYPE}${headers}\r\n${rest}`

/** Each could be read in two ways by two programs behind one another. */
const AMBIGUOUS: Readonly<Record<string, string>> = {
  'two lengths': post('Content-Length: 2\r\nContent-Length: 50\r\n', `{}${SMUGGLED}`),
  'two lengths in one': post('Content-Length: 2, 50\r\n', `{}${SMUGGLED}`),
  'a length and chunks': post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
  'chunks and a length': post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', `0\r\n\r\n${SMUGGLED}`),
  'chunked, but not last': post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${SMUGGLED}`),
  'chunked by another name': post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${SMUGGLED}`),
  'chunked twice': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', `0\r\n\r\n${SMUGGLED}`),
  'a space before the colon': post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
  'a folded header': post('Transfer-Encoding:\r\n chunked\r\nContent-Length: 3\r\n', `0\r\n\r\n${SMUGGLED}`),
  'a header without a name': post(': chunked\r\n', SMUGGLED),
  'lines that end with LF alone': `GET /available HTTP/1.1\nHost: localhost\n\n${SMUGGLED}`,
  'lines that end with CR alone': `GET /available HTTP/1.1\rHost: localhost\r\r${SMUGGLED}`,
  'a length below zero': post('Content-Length: -1\r\n', SMUGGLED),
  'a length in hex': post('Content-Length: 0x32\r\n', SMUGGLED),
  'a length with a sign': post('Content-Length: +50\r\n', SMUGGLED),
  'a length beyond all numbers': post('Content-Length: 99999999999999999999999\r\n', SMUGGLED),
  'a huge chunk': post('Transfer-Encoding: chunked\r\n', `ffffffffffffffffffff\r\n${SMUGGLED}`),
  'a chunk below zero': post('Transfer-Encoding: chunked\r\n', `-1\r\n${SMUGGLED}`),
  'a chunk that is longer than it says': post('Transfer-Encoding: chunked\r\n', `2\r\n{}}\r\n0\r\n\r\n${SMUGGLED}`),
  'chunks that end with LF': post('Transfer-Encoding: chunked\r\n', `2\n{}\n0\n\n${SMUGGLED}`),
  'a NUL in a header': `GET /available HTTP/1.1\r\nHost: local\0host\r\n\r\n${SMUGGLED}`,
  'a NUL in the path': `GET /avail\0able HTTP/1.1\r\nHost: localhost\r\n\r\n${SMUGGLED}`,
  'two hosts': `GET /available HTTP/1.1\r\nHost: localhost\r\nHost: example.org\r\n\r\n${SMUGGLED}`,
  'another host in the target': `GET http://example.org/available HTTP/1.1\r\nHost: localhost\r\n\r\n${SMUGGLED}`,
  'no host': `GET /available HTTP/1.1\r\n\r\n${SMUGGLED}`,
}

it('A request that could be read in two ways is refused, and what is hidden behind it is never carried out', async (t) => {
  // The requests before may have taken the whole pool.
  await fetch(`${served.url}/release_all`)
  let id = ''
  await eventually(async () => {
    const kept = await fetch(`${served.url}/v1/reservations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"pool":"busy","username":"kept"}',
    })
    id = ((await kept.json()) as { id: string }).id
    return kept.status === 201
  })
  for (const [what, bytes] of Object.entries(AMBIGUOUS)) {
    const received = await exchange(served.port, bytes)
    const statuses = statusesIn(received)
    assert.ok(statuses.length <= 1, `${what}: ${statuses}`)
    assert.ok(
      statuses.every((status) => status >= 400 && status < 500),
      `${what}: ${received.slice(0, 300)}`,
    )
    assert.ok(!received.includes('released'), what)
    const { state } = (await (await fetch(`${served.url}/v1/reservations/${id}`)).json()) as { state: string }
    assert.equal(state, 'active', what)
  }
  // It is one when it is not hidden: the check above can fail.
  assert.deepEqual(statusesIn(await exchange(served.port, SMUGGLED)), [200])
  tried(t, Object.keys(AMBIGUOUS).length, 'ambiguous requests')
})

const big = Buffer.alloc(10 * MiB, 'a').toString('latin1')
const bomb = gzipSync(Buffer.alloc(50 * MiB, ' '), { level: 9 }).toString('latin1')
const chunk = `${(64 * 1024).toString(16)}\r\n${'a'.repeat(64 * 1024)}\r\n`

/** The expected answers. A client that is still sending when the connection is cut may not read it. */
const HUGE: Readonly<Record<string, readonly [bytes: string, statuses: readonly number[]]>> = {
  'a header of 10 MB': [`GET /available HTTP/1.1\r\n${HEAD}X: ${big}\r\n\r\n`, [431]],
  'a URL of 10 MB': [`GET /available?${big} HTTP/1.1\r\n${HEAD}\r\n`, [431]],
  'a method of 10 MB': [`${big} / HTTP/1.1\r\n${HEAD}\r\n`, [400]],
  'a million headers': [`GET /available HTTP/1.1\r\n${HEAD}${'a: b\r\n'.repeat(1_000_000)}\r\n`, [431]],
  'an Idempotency-Key of 15 kB': [
    `POST /v1/reservations HTTP/1.1\r\n${HEAD}Idempotency-Key: ${big.slice(0, 15_000)}\r\n${body('{}')}`,
    [422],
  ],
  'a token of 15 kB': [
    `GET /v1/me HTTP/1.1\r\n${HEAD}Authorization: Bearer ${big.slice(0, 15_000)}\r\n\r\n`,
    // This server needs no token.
    [200],
  ],
  'a body of 10 MB': [`POST /v1/reservations HTTP/1.1\r\n${HEAD}${body(big)}`, [413]],
  'a body of 10 MB without a length': [
    post(`Transfer-Encoding: chunked\r\n${HEAD.slice(17)}`, chunk.repeat(160)),
    [413],
  ],
  'a body for who wants none': [`GET /available HTTP/1.1\r\n${HEAD}${body(big)}`, [200]],
  'a chunk extension without end': [post('Transfer-Encoding: chunked\r\n', `2;${big}`), [400, 413]],
  'a trailer without end': [post('Transfer-Encoding: chunked\r\n', `2\r\n{}\r\n0\r\nX: ${big}`), [400, 413, 431]],
  'a body that is shorter than it says': [post('Content-Length: 60000\r\n', '{}'), []],
  'a compressed body of 50 MB': [post(`Content-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n`, bomb), [415]],
  'a body in another coding': [post(`Content-Encoding: br\r\nContent-Length: 2\r\n`, '{}'), [415]],
  'an upgrade': [`GET /available HTTP/1.1\r\n${HEAD}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`, [200]],
  'a tunnel': ['CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n', []],
  'an expectation': [`GET /available HTTP/1.1\r\n${HEAD}Expect: the-unexpected\r\n\r\n`, [417]],
}

it('An oversized request is refused as soon as it exceeds the limit, and costs no memory', async (t) => {
  const rounds = effort({ test: 2, prove: 6 })
  const wrong: string[] = []
  await served.withstands(async () => {
    for (let round = 0; round < rounds; round += 1) {
      for (const [what, [bytes, expected]] of Object.entries(HUGE)) {
        const [status, ...more] = statusesIn(await exchange(served.port, bytes))
        const cut = status === undefined && (expected.length === 0 || bytes.length > MiB)
        const fits = cut || (status !== undefined && expected.includes(status))
        if (!fits || more.length > 0) wrong.push(`${what}: ${status} ${more}`)
      }
    }
  })
  assert.deepEqual(wrong, [])
  tried(t, rounds * Object.keys(HUGE).length, 'oversized requests')
})

it('A client that keeps sending after its request was refused is disconnected', async (t) => {
  const clients = effort({ test: 10, prove: 30 })
  const flood = randomBytes(64 * 1024)
  await served.withstands(async () => {
    const { open, vanish } = crowd(served.port)
    const ends = Array.from({ length: clients }, async (_, nth) => {
      const socket = open(nth % 2 === 0 ? 'no request\r\n\r\n' : post('Transfer-Encoding: chunked\r\n', ''))
      socket.resume()
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
      const pour = () => {
        while (!socket.destroyed && socket.write(nth % 2 === 0 ? flood : chunk));
        if (!socket.destroyed) socket.once('drain', pour)
      }
      pour()
      await closed
    })
    await Promise.all(ends)
    vanish()
  })
  tried(t, clients, 'clients that go on sending')
})
