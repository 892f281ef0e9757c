/** Commands during a restart of the manager: the API over a manager in memory, behind a proxy that breaks. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as send, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { after, describe, it } from 'node:test'
import { answerOf, openClient, Unreachable } from '../../../src/client/client.ts'
import { throughOutage } from '../../../src/cli/reservations/outage.ts'
import { reserveAndWait } from '../../../src/cli/reservations/wait-for-reservation.ts'
import { readEnvironment } from '../../../src/cli/environment.ts'
import { Terminal } from '../../../src/cli/output/terminal.ts'
import { ALPINE, listening, openApi } from '../../../lab/api.ts'
import { eventually } from '../../../lab/eventually.ts'
import { testBerth } from '../../support/manager/berth.ts'

type Outage = 'closed' | 502 | 'closed after the request'

/** A manager with one container behind a proxy whose outages begin and end on request. */
async function openBreaking() {
  const api = await openApi({ pools: [{ ...ALPINE, size: 1 }] })
  const { address } = await listening(api)
  let outage: Outage | null = null
  /** Method of the request that starts an outage; null: none does. */
  let failingMethod: string | null = null
  const broken: string[] = []
  const open = new Set<ServerResponse>()
  const proxy = createServer((request, response) => {
    open.add(response)
    response.once('close', () => open.delete(response))
    if (outage === null && request.method === failingMethod) outage = 502
    if (outage !== null) broken.push(request.method ?? '')
    if (outage === 502) return void response.writeHead(502).end('<html>Bad Gateway</html>')
    if (outage === 'closed') return void response.destroy()
    const isLost = outage === 'closed after the request'
    const { method, headers, url } = request
    const onward = send(new URL(url ?? '/', address), { method, headers }, (answer) => {
      if (isLost) return void response.destroy()
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  after(() => proxy.close())
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const direct = openClient({ url: address })
  return {
    url,
    direct,
    world: api.world,
    broken,
    /** Breaks what is in progress, as a restart does. */
    fail(kind: Outage) {
      outage = kind
      for (const response of open) response.destroy()
    },
    failOn(method: string) {
      failingMethod = method
    },
    recover() {
      outage = null
      failingMethod = null
    },
    waiting: async () => (await answerOf(direct.GET('/v1/pools'))).pools[0]?.waiting,
  }
}

type Breaking = Awaited<ReturnType<typeof openBreaking>>

/** `berth reserve` in this process, on the clock of the manager in memory. */
function reserveAt({ url, world }: Breaking) {
  const interrupt = new AbortController()
  const stderr = new PassThrough().setEncoding('utf8')
  let printed = ''
  stderr.on('data', (text: string) => {
    printed += text
  })
  const streams = { stdout: process.stdout, stderr: stderr as unknown as NodeJS.WriteStream }
  const interrupts = { takeOver: () => interrupt.signal, leave() {}, exitCode: () => null }
  const cli = { args: [], environment: readEnvironment({}), stdin: process.stdin, ...streams, interrupts }
  const settings = { url, token: undefined, from: 'option' } as const
  const context = { client: openClient({ url }), settings, terminal: new Terminal({ ...streams, plain: true }) }
  return {
    interrupt,
    attempts: () => printed.split('trying again').length - 1,
    reserve: (wait?: string) =>
      reserveAndWait({ ...cli, clock: world.now }, { ...context, json: false }, wait === undefined ? {} : { wait }),
  }
}

async function occupy({ direct }: Breaking) {
  const { id } = await answerOf(direct.POST('/v1/reservations', { body: {} }))
  return () => answerOf(direct.DELETE('/v1/reservations/{id}', { params: { path: { id } } }))
}

describe('a reserve that waits in the queue', () => {
  for (const kind of ['closed', 502] as const) {
    it(`goes on after an outage: ${kind}`, async () => {
      const breaking = await openBreaking()
      const release = await occupy(breaking)
      const { reserve, attempts } = reserveAt(breaking)
      const reserving = reserve('10m')
      await eventually(async () => (await breaking.waiting()) === 1)
      breaking.fail(kind)
      await eventually(async () => breaking.broken.length > 0)
      await release()
      await breaking.world.settle()
      breaking.recover()
      assert.equal((await reserving).state, 'active')
      assert.equal(attempts(), 1)
    })

    it(`says once that it tries again, and ends with the wait of the reservation: ${kind}`, async () => {
      const breaking = await openBreaking()
      await occupy(breaking)
      const { reserve, attempts } = reserveAt(breaking)
      const reserving = assert.rejects(reserve('10m'), kind === 502 ? { code: 'unreachable' } : { name: 'Unreachable' })
      await eventually(async () => (await breaking.waiting()) === 1)
      breaking.fail(kind)
      await eventually(async () => breaking.broken.length >= 2)
      assert.equal(attempts(), 1)
      breaking.world.advance(600_001)
      await reserving
    })
  }

  it('ends at once when the reservation is gone', async () => {
    const breaking = await openBreaking()
    await occupy(breaking)
    const { reserve, attempts } = reserveAt(breaking)
    const reserving = assert.rejects(reserve('10m'))
    await eventually(async () => (await breaking.waiting()) === 1)
    const { reservations } = await answerOf(
      breaking.direct.GET('/v1/reservations', { params: { query: { state: 'waiting' } } }),
    )
    const id = reservations[0]?.id ?? ''
    await breaking.direct.DELETE('/v1/reservations/{id}', { params: { path: { id } } })
    await reserving
    assert.equal(attempts(), 0)
  })

  it('is released when it is interrupted during the outage', async () => {
    const breaking = await openBreaking()
    await occupy(breaking)
    const { reserve, interrupt } = reserveAt(breaking)
    const reserving = assert.rejects(reserve('10m'), /interrupted/)
    await eventually(async () => (await breaking.waiting()) === 1)
    breaking.fail('closed')
    interrupt.abort(new Error('interrupted'))
    await eventually(async () => breaking.broken.includes('DELETE'))
    breaking.recover()
    await reserving
    assert.equal(await breaking.waiting(), 0)
  })
})

describe('the request of a reserve', () => {
  it('is repeated with --wait, and makes one reservation', async () => {
    const breaking = await openBreaking()
    const { reserve, attempts } = reserveAt(breaking)
    breaking.fail('closed after the request')
    const reserving = reserve('10m')
    await eventually(async () => breaking.broken.length >= 2 && attempts() === 1)
    breaking.recover()
    const { id } = await reserving
    const { reservations } = await answerOf(breaking.direct.GET('/v1/reservations'))
    assert.deepEqual(
      reservations.map((each) => each.id),
      [id],
    )
  })

  it('fails at once without --wait', async () => {
    const breaking = await openBreaking()
    const { reserve, attempts } = reserveAt(breaking)
    breaking.fail(502)
    await assert.rejects(reserve(), { code: 'unreachable' })
    assert.deepEqual([breaking.broken, attempts()], [['POST'], 0])
  })
})

describe('berth run', () => {
  it('releases when the manager is back', async () => {
    const breaking = await openBreaking()
    const berth = testBerth({ BERTH_URL: breaking.url })
    breaking.failOn('DELETE')
    // ssh fails, because a container in memory has no sshd.
    const { ended, output } = berth.start('run', '--', 'true')
    await eventually(async () => output().includes('trying again'))
    breaking.recover()
    await ended
    assert.ok(breaking.broken.length > 0)
    assert.doesNotMatch(output(), /not released/)
    const { reservations } = await answerOf(breaking.direct.GET('/v1/reservations'))
    assert.equal(reservations[0]?.outcome, 'released')
  })
})

describe('a call', () => {
  for (const code of ['CERT_HAS_EXPIRED', 'ENOTFOUND']) {
    it(`is not repeated after ${code}, which does not pass`, async () => {
      const cause = Object.assign(new Error('no'), { code })
      let calls = 0
      const refused = async () => {
        calls += 1
        throw new Unreachable('https://lab', cause)
      }
      await assert.rejects(throughOutage(refused, { clock: () => 0, until: 60_000, report: () => undefined }))
      assert.equal(calls, 1)
    })
  }
})
