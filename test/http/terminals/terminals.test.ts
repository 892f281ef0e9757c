import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import { listening } from '../../../lab/api.ts'
import { eventually } from '../../../lab/eventually.ts'
import { pool } from '../../../lab/rows.ts'
import { TerminalViewer, type ViewerOptions } from '../../support/http/terminal-client.ts'
import { openTokenApi } from '../../support/http/token-api.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const SIZE = { cols: 80, rows: 24 }

/** Ann holds alpine-1 and Bob alpine-2. */
async function scene() {
  const api = await openTokenApi({ pools: [pool({ name: 'alpine', size: 3 })] })
  const { address } = await listening(api)
  const ann = await api.give('ann')
  const bob = await api.give('bob')
  const root = await api.give('root', 'admin')
  const ask = async (method: string, path: string, by: { headers: Record<string, string> }, body?: object) => {
    const url = `${address}${path}`
    const headers = { ...by.headers, ...(body && JSON_TYPE) }
    const answer = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? null : JSON.parse(text), headers: answer.headers }
  }
  const first = (await ask('POST', '/v1/reservations', ann, { username: 'ann', keepalive: '10m' })).body
  await ask('POST', '/v1/reservations', bob, { username: 'bob' })
  const create = async (name = 'alpine-1', by = ann) =>
    (await ask('POST', `/v1/containers/${name}/terminals`, by, SIZE)).body
  const view = (some: Pick<ViewerOptions, 'id' | 'ticket'> & Partial<ViewerOptions>) =>
    new TerminalViewer({ address, ...some })
  const ticket = async (id: string, by = ann) => (await ask('POST', `/v1/terminals/${id}/tickets`, by)).body.ticket
  const open = async (some: Partial<ViewerOptions> = {}) => {
    const made = await create()
    const viewer = view({ ...made, ...some })
    await viewer.attached()
    return { ...made, viewer } as { id: string; viewer: TerminalViewer }
  }
  const again = async (id: string, some: Partial<ViewerOptions> = {}) => {
    const viewer = view({ id, ticket: await ticket(id), ...some })
    await viewer.attached()
    return viewer
  }
  return { api, address, ann, bob, root, ask, create, view, ticket, open, again, reservation: first.id as string }
}

const s = await scene()

describe('terminals: over the API', () => {
  it('are opened, listed, and ended by their owner', async () => {
    const { ticket, ...made } = await s.create()
    assert.match(ticket, /^[\w-]{43}$/)
    const shown = { container: 'alpine-1', reservation: s.reservation, username: 'ann', persistent: false, viewers: 0 }
    assert.deepEqual(made, { ...shown, id: made.id, created_at: made.created_at })
    assert.deepEqual((await s.ask('GET', '/v1/terminals', s.ann)).body, { terminals: [made] })
    assert.deepEqual((await s.ask('GET', '/v1/terminals', s.bob)).body, { terminals: [] })
    assert.deepEqual((await s.ask('GET', '/v1/terminals', s.root)).body, { terminals: [] })
    const viewer = s.view({ id: made.id, ticket })
    assert.deepEqual(await viewer.attached(), { type: 'attached', ...SIZE, replayed: 2, lost: false })
    assert.equal((await s.ask('DELETE', `/v1/terminals/${made.id}`, s.ann)).status, 204)
    assert.equal((await viewer.closed).code, 4410)
    const { why, reason, at } = await viewer.saw('ended')
    assert.equal(why, 'closed')
    assert.match(String(reason), /^The terminal was closed at \d\d:\d\d UTC\.$/)
    assert.match(String(at), /^\d{4}-.*Z$/)
    assert.deepEqual((await s.ask('GET', '/v1/terminals', s.ann)).body, { terminals: [] })
    assert.equal((await s.ask('DELETE', `/v1/terminals/${made.id}`, s.ann)).status, 404)
    const { events } = (await s.ask('GET', '/v1/events?limit=1000', s.ann)).body
    const ours = events.filter(({ kind }: { kind: string }) => kind.startsWith('terminal.'))
    assert.deepEqual(
      ours.map(({ kind, by, container, detail }: Record<string, unknown>) => [kind, by, container, detail]),
      [
        ['terminal.opened', 'ann', 'alpine-1', null],
        ['terminal.closed', 'ann', 'alpine-1', 'closed'],
      ],
    )
  })

  it('belong to the owner of the reservation; other users and admins get 404', async () => {
    const { id } = await s.create()
    for (const by of [s.bob, s.root]) {
      assert.equal((await s.ask('POST', '/v1/containers/alpine-1/terminals', by, SIZE)).status, 404)
      assert.equal((await s.ask('POST', `/v1/terminals/${id}/tickets`, by)).status, 404)
      assert.equal((await s.ask('DELETE', `/v1/terminals/${id}`, by)).status, 404)
    }
    for (const name of ['alpine-3', 'alpine-9'])
      assert.equal((await s.ask('POST', `/v1/containers/${name}/terminals`, s.ann, SIZE)).status, 404, name)
    await s.ask('DELETE', `/v1/terminals/${id}`, s.ann)
  })

  it('are refused with impossible sizes', async () => {
    for (const body of [{}, { cols: 0, rows: 24 }, { cols: 80, rows: 1_001 }, { cols: 1.5, rows: 24 }])
      assert.equal((await s.ask('POST', '/v1/containers/alpine-1/terminals', s.ann, body)).status, 422)
  })

  it('are limited for each container', async () => {
    const ids: string[] = []
    const made = await Promise.all(Array.from({ length: 12 }, () => s.create()))
    ids.push(...made.flatMap(({ id }) => id ?? []))
    assert.equal(ids.length, 8, 'also when they are opened at once')
    const { status, body, headers } = await s.ask('POST', '/v1/containers/alpine-1/terminals', s.ann, SIZE)
    assert.deepEqual([status, body.code, headers.get('retry-after')], [429, 'rate_limited', '5'])
    assert.match(body.detail, /alpine-1 has 8 terminals, the maximum/)
    for (const id of ids) await s.ask('DELETE', `/v1/terminals/${id}`, s.ann)
  })

  it('are WebSockets only', async () => {
    const answer = await fetch(`${s.address}/v1/terminals/x`)
    const { headers } = answer
    assert.deepEqual([answer.status, headers.get('upgrade'), headers.get('connection')], [426, 'websocket', 'upgrade'])
    // Java's client asks every server to change to HTTP/2.
    const socket = connect(Number(new URL(s.address).port), '127.0.0.1')
    socket.write(
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n',
    )
    const [head] = (await once(socket, 'data')) as [Buffer]
    assert.match(head.toString(), /^HTTP\/1\.1 200/)
    socket.destroy()
  })
})

describe('terminals: over the WebSocket', () => {
  it('carry bytes in both directions, and have the size of the viewer that typed or resized last', async () => {
    const { id, viewer } = await s.open()
    await viewer.run('whoami', /\nann\r/)
    await viewer.run('stty size', /\n24 80\r/)
    const other = await s.again(id)
    assert.match(other.text, /ann/, 'earlier output is replayed')
    other.send({ type: 'resize', cols: 120, rows: 40 })
    assert.deepEqual(await viewer.saw('size'), { type: 'size', cols: 120, rows: 40 })
    await viewer.run('stty size', /\n40 120\r/)
    viewer.send({ type: 'resize', cols: 90, rows: 30 })
    await other.saw('size')
    await other.run('stty size', /\n40 120\r/)
    assert.deepEqual((await s.ask('GET', '/v1/terminals', s.ann)).body.terminals[0].viewers, 2)
    other.socket.close()
    await eventually(async () => (await s.ask('GET', '/v1/terminals', s.ann)).body.terminals[0].viewers === 1)
    viewer.type('exit 3\r')
    assert.equal((await viewer.closed).code, 4410)
    assert.equal((await viewer.saw('ended'))['why'], 'exited')
  })

  it('send at most 256 KiB beyond what a viewer has acknowledged, and wait for the only one', async () => {
    const { id, viewer } = await s.open({ acknowledges: false })
    viewer.type('yes\r')
    await eventually(async () => viewer.fresh === 256 * 1024)
    const other = await s.again(id)
    await eventually(async () => other.fresh > 2_000_000)
    assert.equal(viewer.fresh, 256 * 1024, 'a viewer that acknowledges nothing is sent nothing, and delays no other')
    // The output that it missed was dropped, so the kept output is replayed.
    viewer.messages.length = 0
    viewer.send({ type: 'ack', bytes: 256 * 1024 })
    assert.ok(Number((await viewer.saw('attached'))['replayed']) > 200_000)
    other.socket.terminate()
    await s.ask('DELETE', `/v1/terminals/${id}`, s.ann)
    assert.equal((await viewer.closed).code, 4410)
  })

  it('are closed when the client acknowledges output that it does not read', async () => {
    const { id, viewer } = await s.open({ acknowledges: false })
    viewer.type('yes\r')
    await eventually(async () => viewer.fresh === 256 * 1024)
    viewer.socket.pause()
    const viewers = async () => (await s.ask('GET', '/v1/terminals', s.ann)).body.terminals[0].viewers
    let bytes = 0
    await eventually(async () => {
      bytes += 256 * 1024
      viewer.send({ type: 'ack', bytes })
      return (await viewers()) === 0
    })
    viewer.socket.resume()
    assert.equal((await viewer.closed).code, 1006)
    await s.ask('DELETE', `/v1/terminals/${id}`, s.ann)
  })

  it('are closed with the problem of a message that cannot be understood', async () => {
    for (const [message, reason] of [
      ['hello', /must be JSON/],
      ['null', /unknown message/],
      ['{"type":"resize","cols":0,"rows":5}', /from 1 to 1000/],
      ['{"type":"resize"}', /from 1 to 1000/],
      ['{"type":"ack","bytes":999999}', /bytes must be/],
    ] as const) {
      const { id, viewer } = await s.open()
      viewer.socket.send(message)
      const { code, reason: said } = await viewer.closed
      assert.equal(code, 1008)
      assert.match(said, reason)
      await s.ask('DELETE', `/v1/terminals/${id}`, s.ann)
    }
    const { id, viewer } = await s.open()
    viewer.type('x'.repeat(64 * 1024 + 1))
    assert.equal((await viewer.closed).code, 1009)
    await s.ask('DELETE', `/v1/terminals/${id}`, s.ann)
  })
})

describe('terminals: who may open the WebSocket', () => {
  const refused = async (expected: number, some: Pick<ViewerOptions, 'id' | 'ticket'> & Partial<ViewerOptions>) => {
    await assert.rejects(s.view(some).attached(), { status: expected })
  }

  it('the holder of a ticket for this terminal, once and within 10 s', async () => {
    const made = await s.create()
    const other = await s.create()
    await refused(401, { id: made.id, ticket: 'A'.repeat(43) })
    await refused(401, { id: made.id, ticket: other.ticket })
    const viewer = s.view(made)
    await viewer.attached()
    await refused(401, made)
    const late = await s.ticket(made.id)
    s.api.world.advance(10_000)
    await refused(401, { id: made.id, ticket: late })
    const bobs = await s.create('alpine-2', s.bob)
    await refused(401, { id: made.id, ticket: bobs.ticket })
    for (const [{ id }, by] of [
      [made, s.ann],
      [other, s.ann],
      [bobs, s.bob],
    ] as const)
      await s.ask('DELETE', `/v1/terminals/${id}`, by)
  })

  it('a page of this manager, or a program with Authorization and no cookie', async () => {
    const { id } = await s.create()
    const port = Number(new URL(s.address).port)
    const asOf = async (headers: Record<string, string>) => ({ id, ticket: await s.ticket(id), headers })
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: `http://127.0.0.1:${port + 1}` },
      { origin: `http://localhost:${port}` },
      { origin: 'null' },
      {},
      { cookie: 'a=b' },
      { ...s.ann.headers, cookie: 'a=b' },
      { origin: s.address, 'sec-fetch-site': 'cross-site' },
    ] as Record<string, string>[])
      await refused(403, await asOf(headers))
    await s.view(await asOf({ ...s.ann.headers })).attached()
    await s.view(await asOf({ origin: s.address, cookie: 'a=b', 'sec-fetch-site': 'same-origin' })).attached()
    await s.ask('DELETE', `/v1/terminals/${id}`, s.ann)
  })

  it('no connection that was refused: it is closed', { timeout: 10_000 }, async () => {
    const { hostname, port, host } = new URL(s.address)
    for (const [origin, status] of [
      ['http://evil.example', 403],
      [s.address, 401],
    ]) {
      // This side stays open, as that of a client which waits.
      const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
      const head = ['GET /v1/terminals/x HTTP/1.1', `Host: ${host}`, `Origin: ${origin}`, 'Connection: Upgrade']
      const handshake = [
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      ]
      socket.write([...head, ...handshake, '', ''].join('\r\n'))
      let answer = ''
      socket.setEncoding('utf8').on('data', (text: string) => (answer += text))
      await once(socket, 'end')
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
      socket.destroy()
    }
  })

  it('a client that offers the protocol beside the ticket', async () => {
    const { id, ticket } = await s.create()
    for (const protocols of [[], ['berth.v1'], [`ticket.${ticket}`]]) {
      const socket = new WebSocket(`${s.address.replace('http', 'ws')}/v1/terminals/${id}`, protocols, {
        headers: { origin: s.address },
      })
      socket.on('error', () => undefined)
      const [, { statusCode }] = await once(socket, 'unexpected-response')
      assert.equal(statusCode, 401)
      socket.terminate()
    }
    await s.ask('DELETE', `/v1/terminals/${id}`, s.ann)
  })

  it('a caller whose token is still valid: deleting it closes the WebSocket', async () => {
    const second = await s.api.give('ann')
    const made = await s.create('alpine-1', second)
    const viewer = s.view(made)
    await viewer.attached()
    const unused = await s.ticket(made.id, second)
    await s.ask('DELETE', `/v1/tokens/${second.token.id}`, s.root)
    // The viewer may have been checked right before: it is checked again a second later, with the next write.
    s.api.world.advance(1_000)
    await refused(401, { id: made.id, ticket: unused })
    assert.equal((await viewer.closed).code, 4401)
    const again = await s.again(made.id)
    assert.match(again.text, /\$/, 'the shell goes on')
    await s.ask('DELETE', `/v1/terminals/${made.id}`, s.ann)
  })

  it('a refusal leaves no connection behind', async () => {
    const count = async () => new Promise<number>((done) => s.api.server.server.getConnections((_, n) => done(n)))
    const before = await count()
    const { id } = await s.create()
    for (let nth = 0; nth < 5; nth += 1) await refused(401, { id, ticket: 'none' })
    await eventually(async () => (await count()) <= before)
    await s.ask('DELETE', `/v1/terminals/${id}`, s.ann)
  })
})

describe('terminals: with the manager', () => {
  it('count as working connections: only idle ones are closed to make room', async () => {
    const here = await scene()
    const { viewer } = await here.open()
    const idle: Socket[] = []
    for (let nth = 0; nth < 2_010; nth += 1) {
      const socket = connect(Number(new URL(here.address).port), '127.0.0.1').on('error', () => undefined)
      await once(socket, 'connect')
      idle.push(socket)
    }
    await eventually(async () => idle.filter(({ readableEnded, destroyed }) => readableEnded || destroyed).length >= 10)
    await viewer.run('whoami', /\nann\r/)
    for (const socket of idle) socket.destroy()
  })

  it('are closed with 1012 at once when it stops', async () => {
    const here = await scene()
    const { viewer } = await here.open()
    const silent = await here.open()
    silent.viewer.socket.pause()
    const begin = performance.now()
    await here.api.server.close()
    assert.ok(performance.now() - begin < 1_000, `${performance.now() - begin} ms`)
    const { code, reason } = await viewer.closed
    assert.deepEqual([code, reason], [1012, 'the manager restarts'])
  })
})
