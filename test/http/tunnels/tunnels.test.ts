/** Tunnels over the API, on the memory engine: who may open them, and when the manager closes them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { listening } from '../../../lab/api.ts'
import { eventually } from '../../../lab/eventually.ts'
import { pool } from '../../../lab/rows.ts'
import { openTokenApi } from '../../support/http/token-api.ts'
import { standInForSshd, TunnelClient, type TunnelOptions } from '../../support/http/tunnel-client.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const MINUTE_MS = 60_000
const MIB = 1024 * 1024

/** Ann holds alpine-1 and Bob alpine-2; alpine-3 is free. What is sent to a container comes back. */
async function scene() {
  const api = await openTokenApi({ pools: [pool({ name: 'alpine', size: 3 })] })
  const { address } = await listening(api)
  const [ann, bob, root] = [await api.give('ann'), await api.give('bob'), await api.give('root', 'admin')]
  const ask = async (method: string, path: string, { headers }: { headers: Record<string, string> }, body?: object) => {
    const answer = await fetch(`${address}${path}`, {
      method,
      headers: { ...headers, ...(body && JSON_TYPE) },
      ...(body && { body: JSON.stringify(body) }),
    })
    return { status: answer.status, headers: answer.headers, body: JSON.parse(await answer.text()) }
  }
  const reserve = async (by = ann, body: object = {}) => (await ask('POST', '/v1/reservations', by, body)).body
  const { id } = await reserve(ann, { duration: '30m' })
  await reserve(bob)
  const echo = await standInForSshd()
  api.world.host.sshd = echo.address
  const open: TunnelClient[] = []
  const tunnel = (some: Partial<TunnelOptions> = {}) => {
    const client = new TunnelClient({ address, container: 'alpine-1', headers: ann.headers, ...some })
    open.push(client)
    return client
  }
  /** Opens a tunnel to the server that returns what it reads. */
  const working = async (some: Partial<TunnelOptions> = {}) => {
    const client = await tunnel(some).opened()
    client.socket.send(Buffer.from('hello'))
    await client.receives('hello')
    return client
  }
  const closeAll = () => open.splice(0).map(({ socket }) => socket.terminate())
  return {
    api,
    world: api.world,
    address,
    ann,
    bob,
    root,
    ask,
    reserve,
    reservation: id,
    echo,
    tunnel,
    working,
    closeAll,
  }
}

const s = await scene()

afterEach(async () => {
  s.closeAll()
  s.world.host.sshd = s.echo.address
  await eventually(async () => s.world.tunnels.count === 0)
})

describe('a tunnel: who may open it', () => {
  it('the owner of the reservation, and admins', async () => {
    await s.working()
    await s.working({ headers: s.root.headers })
  })

  it('not other users, who get 404 as elsewhere, and nobody for a container that is not reserved', async () => {
    assert.equal(await s.tunnel({ headers: s.bob.headers }).answered, 404)
    for (const container of ['alpine-3', 'alpine-9', '%2e%2e']) {
      assert.equal(await s.tunnel({ container, headers: s.root.headers }).answered, 404, container)
    }
  })

  it('not without a valid token: 401, and cookies do not count', async () => {
    assert.equal(await s.tunnel({ headers: {} }).answered, 401)
    assert.equal(await s.tunnel({ headers: { authorization: 'Bearer wrong' } }).answered, 401)
    assert.equal(await s.tunnel({ headers: { cookie: 'berth_session=x' } }).answered, 401)
  })

  it('not a page of another site, and not without the protocol', async () => {
    const foreign = { ...s.ann.headers, origin: 'https://elsewhere.example' }
    assert.equal(await s.tunnel({ headers: foreign }).answered, 403)
    for (const protocols of [[], ['berth.v1']]) assert.equal(await s.tunnel({ protocols }).answered, 400)
  })

  it('is a WebSocket only', async () => {
    const { status, headers, body } = await s.ask('GET', '/v1/containers/alpine-1/ssh', s.ann)
    assert.deepEqual([status, headers.get('upgrade'), body.code], [426, 'websocket', 'invalid_request'])
    assert.match(body.detail, /berth ssh --tunnel/)
  })

  it('one caller has at most 200', async () => {
    const before = s.world.tunnels.count
    await Promise.all(Array.from({ length: 200 - before }, () => s.tunnel().opened()))
    await eventually(async () => s.world.tunnels.count === 200)
    assert.equal(await s.tunnel().answered, 429)
    await s.working({ container: 'alpine-2', headers: s.bob.headers })
  })
})

describe('a tunnel: bytes', () => {
  it('arrive unchanged in both directions, whatever they are', async () => {
    const client = await s.tunnel().opened()
    const sent = Buffer.from(Array.from({ length: MIB }, (_, index) => (index * 7919) % 256))
    for (let at = 0; at < sent.length; at += 50_000) client.socket.send(sent.subarray(at, at + 50_000))
    await eventually(async () => client.received.length === sent.length)
    assert.ok(client.received.equals(sent))
  })

  it('that the client does not read stay with sshd', async () => {
    let written = 0
    const flood = await standInForSshd((socket) => {
      const write = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(64 * 1024))) written = socket.bytesWritten
      }
      socket.on('drain', write)
      write()
    })
    s.world.host.sshd = flood.address
    const client = await s.tunnel().opened()
    client.socket.pause()
    await stops(() => written)
    const before = process.memoryUsage().arrayBuffers
    const stalledAt = written
    await sleep(500)
    assert.equal(written, stalledAt)
    // What is on its way: the buffers of two TCP connections, and the manager's.
    assert.ok(written < 24 * MIB, String(written))
    assert.ok(before < 32 * MIB, String(before))
    client.socket.resume()
    await eventually(async () => written > stalledAt + 32 * MIB)
  })

  it('that sshd does not read stay with the client', async () => {
    const deaf = await standInForSshd((socket) => socket.pause())
    s.world.host.sshd = deaf.address
    const client = await s.tunnel().opened()
    let delivered = 0
    for (let chunk = 0; chunk < 1_000; chunk += 1) {
      client.socket.send(Buffer.alloc(64 * 1024), () => {
        delivered += 1
      })
    }
    await stops(() => delivered)
    assert.ok(delivered < 500, String(delivered))
    for (const socket of deaf.connections) socket.resume()
    await eventually(async () => delivered === 1_000)
  })

  it('in text messages, or in too large ones, close it', async () => {
    const text = await s.working()
    text.socket.send('SSH-2.0-text')
    const { code, reason } = await text.closed
    assert.deepEqual([code, reason], [1008, 'send bytes as binary messages'])
    const large = await s.working()
    large.socket.send(Buffer.alloc(64 * 1024 + 1))
    assert.equal((await large.closed).code, 1009)
    const garbage = await s.working()
    // Not a frame: a reserved opcode, without a mask.
    garbage.raw?.write(Buffer.from([0xff, 0xff, 0xff]))
    assert.ok([1002, 1006].includes((await garbage.closed).code))
    await eventually(async () => s.echo.connections.size === 0)
  })

  it('of 50 tunnels at once do not mix', async () => {
    const clients = await Promise.all(Array.from({ length: 50 }, () => s.tunnel().opened()))
    for (const [index, { socket }] of clients.entries()) socket.send(Buffer.alloc(20_000, index))
    await eventually(async () => clients.every(({ received }) => received.length === 20_000))
    for (const [index, { received }] of clients.entries()) assert.ok(received.every((byte) => byte === index))
  })
})

/** Waits until a number has not changed for 300 ms. */
async function stops(number: () => number): Promise<void> {
  for (let before = -1; before !== number(); ) {
    before = number()
    await sleep(300)
  }
}

describe('a tunnel: its end', () => {
  it('comes when sshd or the client closes the connection', async () => {
    const first = await s.working()
    for (const socket of s.echo.connections) socket.end()
    assert.equal((await first.closed).code, 1000)
    const second = await s.working()
    second.socket.close()
    await eventually(async () => s.echo.connections.size === 0 && s.world.tunnels.count === 0)
  })

  it('comes when sshd cannot be reached, or the container is down', async () => {
    s.world.host.sshd = { host: '127.0.0.1', port: 1 }
    const refused = await s.tunnel().closed
    assert.deepEqual([refused.code, refused.reason], [1013, 'sshd does not answer: connect ECONNREFUSED 127.0.0.1:1'])
    s.world.host.sshd = null
    const down = await s.tunnel().closed
    assert.deepEqual([down.code, down.reason], [1013, 'alpine-1 is down; try again when it is back'])
  })

  it('comes when the token is deleted', async () => {
    const cat = await s.api.give('cat', 'admin')
    const [client, other] = [await s.working({ headers: cat.headers }), await s.working()]
    s.world.advance(1_000)
    await s.world.store.removeToken(cat.token.id, 'test', s.world.now())
    const { code, reason } = await client.closed
    assert.deepEqual([code, reason], [4401, 'the token that opened this tunnel is no longer valid'])
    assert.equal(other.socket.readyState, other.socket.OPEN)
  })

  it('comes with the release, with a reset, and not with the end of another reservation', async () => {
    const { id, containers } = await s.reserve(s.ann)
    const container = containers[0].name
    const [client, other] = [await s.working({ container }), await s.working()]
    await s.ask('POST', `/v1/containers/${container}/reset`, s.ann)
    const reset = await client.closed
    assert.equal(reset.code, 4409)
    assert.match(reset.reason, /^alpine-3 was reset at \d\d:\d\d UTC/)
    assert.equal(await s.tunnel({ container }).answered, 409)
    await s.world.settle()
    const again = await s.working({ container })
    await s.ask('DELETE', `/v1/reservations/${id}`, s.ann)
    const released = await again.closed
    assert.equal(released.code, 4410)
    assert.match(released.reason, /^The reservation was released at \d\d:\d\d UTC\.$/)
    assert.equal(await s.tunnel({ container }).answered, 404)
    assert.equal(other.socket.readyState, other.socket.OPEN)
    await s.world.settle()
  })

  it('comes at once for a client that uploads more than sshd reads', async () => {
    const { id, containers } = await s.reserve(s.ann)
    const deaf = await standInForSshd((socket) => socket.pause())
    s.world.host.sshd = deaf.address
    const client = await s.tunnel({ container: containers[0].name }).opened()
    for (let chunk = 0; chunk < 1_000; chunk += 1) client.socket.send(Buffer.alloc(64 * 1024))
    await stops(() => client.socket.bufferedAmount)
    assert.ok(client.socket.bufferedAmount > 0)
    const began = performance.now()
    await s.ask('DELETE', `/v1/reservations/${id}`, s.ann)
    const { code, at } = await client.closed
    assert.equal(code, 4410)
    // The manager disconnects after 30 s, whatever the client has left to send.
    assert.ok(at - began < 15_000, String(at - began))
    await s.world.settle()
  })

  it('comes at expires_at, which may have been extended meanwhile', async () => {
    const { id, containers } = await s.reserve(s.ann, { duration: '10m' })
    const client = await s.working({ container: containers[0].name })
    const { body } = await s.ask('PATCH', `/v1/reservations/${id}`, s.ann, { extend: '5m' })
    const end = Date.parse(body.expires_at)
    assert.equal(end, s.world.now() + 15 * MINUTE_MS)
    s.world.advance(10 * MINUTE_MS)
    assert.equal(await s.world.tunnels.step(), s.world.now() + 1_000)
    assert.equal(client.socket.readyState, client.socket.OPEN)
    s.world.advance(end - s.world.now() - 400)
    assert.equal(await s.world.tunnels.step(), end)
    assert.equal(client.socket.readyState, client.socket.OPEN)
    s.world.advance(400)
    await s.world.tunnels.step()
    const { code, reason } = await client.closed
    assert.equal(code, 4410)
    assert.match(reason, /^The reservation expired at /)
    await s.world.settle()
  })

  it('says that the reservation has ended, although sshd was ended before this manager noticed', async () => {
    const { containers } = await s.reserve(s.ann, { duration: '1m' })
    const client = await s.working({ container: containers[0].name })
    s.world.advance(MINUTE_MS)
    for (const socket of s.echo.connections) socket.destroy()
    const { code, reason } = await client.closed
    assert.equal(code, 4410)
    assert.match(reason, /^The reservation expired at /)
    await s.world.settle()
  })

  it('comes when the client answers no ping for a minute', async () => {
    const { reservation, world } = s
    assert.equal((await s.ask('PATCH', `/v1/reservations/${reservation}`, s.ann, { extend: '30m' })).status, 200)
    const [client, silent] = [await s.working(), await s.working()]
    // Reads nothing, so it sends no pong.
    silent.socket.pause()
    for (const round of ['first', 'second']) {
      world.advance(30_000)
      const pinged = once(client.socket, 'ping')
      await world.tunnels.step()
      await pinged
      assert.equal(world.tunnels.count, 2)
      // What comes back was sent after the pong, so the manager has read that.
      client.socket.send(Buffer.from(round))
      await client.receives(round)
    }
    world.advance(30_000)
    await world.tunnels.step()
    await eventually(async () => world.tunnels.count === 1)
    assert.equal(client.socket.readyState, client.socket.OPEN)
  })

  it('comes with 1012 when the manager stops', async () => {
    const own = await scene()
    const client = await own.working()
    await own.api.server.close()
    const { code, reason } = await client.closed
    assert.deepEqual([code, reason], [1012, 'the manager stops'])
    await eventually(async () => own.echo.connections.size === 0)
  })
})
