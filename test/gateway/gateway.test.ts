/** The gateway with real sockets, on the memory engine: what it connects to, and what it forwards. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../lab/eventually.ts'
import { type Fault, faulty } from '../../lab/faulty.ts'
import { reservePorts, tryToListen } from '../../lab/ports.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld } from '../../lab/world.ts'
import { BerthError } from '../../src/domain/errors.ts'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import { LocalTime } from '../../src/domain/text/local-time.ts'
import { openMemory } from '../../src/engine/memory/engine.ts'
import { openGateway } from '../../src/gateway/open-gateway.ts'
import type { SshAddress } from '../../src/ports/engine.ts'
import { standInForSshd } from '../support/http/tunnel-client.ts'

const MINUTE_MS = 60_000
const MIB = 1024 * 1024
const HOST = '127.0.0.2'

interface SceneOptions {
  readonly serve?: (socket: Socket) => void
  /** Addresses that the engine returns in turn; then that of the stand-in. */
  readonly addresses?: (SshAddress | null)[]
  readonly isRegistered?: () => boolean
}

/** Alice holds p-1 for a minute, and p-2 is free. What is sent to a container comes back, unless `serve` is given. */
async function scene(t: TestContext, { serve, addresses = [], isRegistered = () => true }: SceneOptions = {}) {
  const [port = 0, freePort = 0] = await reservePorts(2)
  const p = pool({ size: 2, ports: [port, freePort] })
  const faults = new Map<string, Fault>()
  const world = await createWorld({ pools: [p] })
  await world.settle()
  const sshd = await standInForSshd(serve)
  world.host.sshd = sshd.address
  const request = { pool: p, username: 'alice', password: 'x', count: 1, durationMs: MINUTE_MS }
  const { reservation } = await world.reservations.reserve(request, ANONYMOUS)
  const rule = (verb: string) => faults.get(verb) ?? null
  const memory = openMemory({ database: world.database, instance: 'test', host: world.host })
  const write = (message: string) => void world.logged.push(message)
  const gateway = openGateway({
    host: HOST,
    store: faulty(world.store, rule),
    engine: {
      lentTo: memory.lentTo,
      sshAddress: async (id) => (addresses.length > 0 ? (addresses.shift() ?? null) : memory.sshAddress(id)),
    },
    clock: world.now,
    log: { debug: write, info: write, warn: write, error: write },
    localTime: new LocalTime('UTC'),
    isRegistered,
  })
  t.after(() => gateway.stop())
  await gateway.step()
  const open = (to = port, localAddress = '127.0.0.1') => {
    const socket = connect({ host: HOST, port: to, localAddress, allowHalfOpen: true })
    socket.on('error', () => {})
    // Without an answer to the end of the gateway's side, the connection would stay half open.
    socket.on('end', () => socket.end())
    t.after(() => socket.destroy())
    return socket
  }
  /** Returns a connection that is known to be forwarded. */
  const working = async (localAddress?: string) => {
    const socket = open(port, localAddress)
    socket.write('hello')
    assert.equal(String((await once(socket, 'data'))[0]), 'hello')
    return socket
  }
  return { world, gateway, faults, sshd, port, freePort, reservation, open, working }
}

/** Resolves with what was received when the connection is closed. */
async function received(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
  })
  await closing(socket)
  return text
}

/** Resolves when the connection is closed, with or without an error. */
function closing(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.once('close', () => resolve())
  if (socket.closed) resolve()
  return promise
}

const failing: Fault = { when: 'before', error: new BerthError('database_unavailable', 'it does not answer') }

describe('the gateway: to which container it connects', () => {
  it('to that of the port, and to none while it is free', async (t) => {
    const { working, open, freePort, gateway } = await scene(t)
    await working()
    assert.equal(await received(open(freePort)), '')
    assert.deepEqual(gateway.figures, { open: 1, accepted: 1, refused: 1, cut: 0 })
  })

  it('to none whose address another container has taken before the connection was open', async (t) => {
    const stranger = await standInForSshd((socket) => socket.end('SSH of a stranger'))
    const { open, gateway } = await scene(t, { addresses: [stranger.address, { host: '127.0.0.1', port: 1 }] })
    const socket = open()
    socket.write('secret')
    assert.equal(await received(socket), '')
    assert.equal(gateway.figures.open, 0)
  })

  it('to none that is down, or gone since', async (t) => {
    const { open, sshd } = await scene(t, { addresses: [null, { host: '127.0.0.1', port: 1 }] })
    assert.equal(await received(open()), '')
    assert.equal(await received(open()), '')
    assert.equal(sshd.connections.size, 0)
  })

  it('to none of an earlier generation', async (t) => {
    const { world, open, sshd } = await scene(t)
    const row = await world.store.container('p-1')
    assert.ok(row)
    await world.store.updateContainer(row, { generation: row.generation + 1 }, world.now())
    assert.equal(await received(open()), '')
    assert.equal(sshd.connections.size, 0)
  })

  it('to none whose reservation ends while sshd is being dialled', async (t) => {
    const dialled = Promise.withResolvers<void>()
    const { world, reservation, open, gateway } = await scene(t, { serve: () => dialled.resolve() })
    const socket = open()
    await dialled.promise
    await world.reservations.release(reservation.id, ANONYMOUS)
    assert.equal(await received(socket), '')
    assert.equal(gateway.figures.open, 0)
  })

  it('to none after the reservation', async (t) => {
    const { world, reservation, open, gateway, working } = await scene(t)
    const before = await working()
    const closed = closing(before)
    await world.reservations.release(reservation.id, ANONYMOUS)
    await closed
    assert.equal(await received(open()), '')
    assert.deepEqual([gateway.figures.open, gateway.figures.cut], [0, 1])
  })

  it('to none while managers do not know of the gateway', async (t) => {
    let isKnown = true
    const { working, open } = await scene(t, { isRegistered: () => isKnown })
    const socket = await working()
    isKnown = false
    assert.equal(await received(open()), '')
    socket.write('still')
    assert.equal(String((await once(socket, 'data'))[0]), 'still')
  })
})

describe('the gateway without its database', () => {
  it('keeps connections until their reservation ends, and accepts none', async (t) => {
    const { world, gateway, faults, working, open } = await scene(t)
    const socket = await working()
    for (const verb of ['snapshot', 'reservation']) faults.set(verb, failing)
    assert.equal(await received(open()), '')
    world.advance(MINUTE_MS - 1)
    await gateway.step()
    socket.write('still')
    assert.equal(String((await once(socket, 'data'))[0]), 'still')
    world.advance(1)
    const closed = closing(socket)
    await gateway.step()
    await closed
  })

  it('cuts in time although the database never answers', async (t) => {
    const { world, gateway, faults, working } = await scene(t)
    const socket = await working()
    faults.set('snapshot', { when: 'late', until: new Promise(() => {}) })
    void gateway.step()
    world.advance(MINUTE_MS + 249)
    gateway.closeOverdue()
    assert.equal(gateway.figures.open, 1)
    world.advance(1)
    const closed = closing(socket)
    gateway.closeOverdue()
    await closed
  })

  it('goes by the end of an extension that it has read', async (t) => {
    const { world, gateway, working, reservation } = await scene(t)
    await working()
    await world.reservations.extend(reservation.id, (end) => end + MINUTE_MS, ANONYMOUS)
    await gateway.closeWhatIsOver()
    world.advance(MINUTE_MS + 1_000)
    gateway.closeOverdue()
    assert.equal(gateway.figures.open, 1)
    world.advance(MINUTE_MS)
    gateway.closeOverdue()
    assert.equal(gateway.figures.open, 0)
  })
})

describe('the gateway: what it forwards', () => {
  it('the end of either direction, and what the other one still sends', async (t) => {
    const { open, gateway } = await scene(t, {
      serve: (socket) => {
        socket.allowHalfOpen = true
        let text = ''
        socket.on('data', (chunk) => {
          text += String(chunk)
        })
        socket.on('end', () => setTimeout(() => socket.end(`answer to ${text}`), 20))
      },
    })
    const socket = open()
    socket.end('question')
    assert.equal(await received(socket), 'answer to question')
    await eventually(async () => gateway.figures.open === 0)
  })

  it('no more than a slow reader takes, and in the end everything', async (t) => {
    const size = 64 * MIB
    const chunk = Buffer.alloc(MIB, 'x')
    let sent = 0
    async function send(socket: Socket): Promise<void> {
      for (; sent < size; sent += chunk.length) if (!socket.write(chunk)) await once(socket, 'drain')
      socket.end()
    }
    const { open } = await scene(t, { serve: (socket) => void send(socket) })
    const socket = open()
    socket.pause()
    let before = -1
    // Until the buffers of the kernel are full.
    while (before !== sent) {
      before = sent
      await sleep(200)
    }
    t.diagnostic(`${sent / MIB} MiB were sent`)
    assert.ok(sent < size / 2, String(sent))
    let count = 0
    socket.on('data', (bytes) => {
      count += bytes.length
    })
    socket.resume()
    await once(socket, 'end')
    assert.equal(count, size)
  })

  it('200 connections that are opened and closed leave nothing', async (t) => {
    const { world, gateway, sshd, working } = await scene(t)
    const handles = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCPSocket')).length
    const before = handles()
    for (let round = 0; round < 4; round += 1) {
      const sockets = await Promise.all(Array.from({ length: 50 }, () => working()))
      for (const [index, socket] of sockets.entries()) {
        if (index % 2 === 0) socket.end()
        else socket.resetAndDestroy()
      }
      await Promise.all(sockets.map(closing))
      world.advance(10_000)
    }
    await eventually(async () => gateway.figures.open === 0 && sshd.connections.size === 0 && handles() === before)
    assert.equal(gateway.figures.accepted, 200)
  })

  it('what other ports receive while another program has one of them', async (t) => {
    const { gateway, world, working, freePort } = await scene(t)
    gateway.stopListening()
    const taken = await tryToListen(freePort, HOST)
    assert.ok(taken)
    const next = openGateway({
      host: HOST,
      store: world.store,
      engine: openMemory({ database: world.database, instance: 'test', host: world.host }),
      clock: world.now,
      log: {
        debug: () => {},
        info: () => {},
        warn: () => {},
        error: (message) => void world.logged.push(message),
      },
      localTime: new LocalTime('UTC'),
      isRegistered: () => true,
    })
    t.after(() => next.stop())
    await next.step()
    await next.step()
    await working()
    assert.deepEqual(next.failedPorts, [freePort])
    assert.deepEqual(
      world.logged.filter((line) => line.includes('cannot listen')),
      [`the gateway cannot listen on ${HOST}:${freePort}; it tries again, and serves its other ports`],
    )
    taken.close()
    await once(taken, 'close')
    await next.step()
    assert.deepEqual([next.listening, next.failedPorts], [2, []])
  })
})
