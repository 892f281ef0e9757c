/**
 * Gateways that run alone, before real containers: two of them, and two managers, on one PostgreSQL. Docker publishes
 * the SSH ports on 127.0.0.1; tenants use 127.0.0.2 and 127.0.0.3.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager, testManagers } from '../../lab/manager.ts'
import { reservePorts, tryToListen } from '../../lab/ports.ts'
import { openProxy } from '../../lab/postgres/proxy.ts'
import { startPostgres } from '../../lab/postgres/server.ts'
import { banner } from '../support/gateway/banner.ts'
import { type GatewayProcess, listening } from '../../lab/gateway.ts'
import { gatewayStarter } from '../support/gateway/alone.ts'
import { freezingDocker } from '../support/gateway/freezing-docker.ts'
import { newKeyPair } from '../../lab/key-pair.ts'
import { login, type Session } from '../support/ssh.ts'

const execute = promisify(execFile)
const MIB = 1024 * 1024
const SIZE = 6
/** The promise is one second, on a machine that has time. */
const WITHIN_MS = 2_000

const postgres = await startPostgres({ fsync: 'off' })
after(() => postgres.stop())
const proxy = await openProxy(postgres.port)
after(() => proxy.close())
const engine = await freezingDocker()
const top = {
  database: await postgres.createDatabase('doors'),
  ssh: { host: '127.0.0.2', gateway: { listen: '127.0.0.2', alone: true } },
}
// The gateways use Docker itself: only the managers lose it.
const managers = await testManagers('gateway', 2, { size: SIZE, top, env: { DOCKER_HOST: engine.address } })
const [first = assert.fail(), second = assert.fail()] = managers
const { DOCKER_HOST: _frozen, ...environment } = first.environment
const startGateway = gatewayStarter(environment)
const throughProxy = top.database.replace(/:\d+\//, `:${proxy.port}/`)
const startThroughProxy = gatewayStarter({ ...environment, BERTH_DATABASE: throughProxy })
const [healthPort = 0, otherHealthPort = 0] = await reservePorts(2)
const folder = mkdtempSync(join(tmpdir(), 'berth-gateway-'))
after(() => rmSync(folder, { recursive: true }))
const keyFile = join(folder, 'key')
const { privateKey, publicKey } = newKeyPair()
writeFileSync(keyFile, privateKey, { mode: 0o600 })
// With a SQLite file.
const own = await testManager('own-gateway', { size: 1, top: { ssh: { gateway: { listen: '127.0.0.2' } } } })
let one: GatewayProcess
let two: GatewayProcess
/** A gateway that loses its database. */
let cutOff: GatewayProcess
/**
 * How long after its end a reservation was cut at `one` and at `cutOff`, in milliseconds. It is made first, because the
 * shortest takes 10 s.
 */
let expired: Promise<number[]>

interface Lent {
  readonly id: string
  readonly name: string
  readonly port: number
  readonly key: string
  readonly expiresAt: number
}

interface View {
  readonly id: string
  readonly state: string
  readonly expires_at: string
  readonly keepalive_until: string | null
  readonly containers: readonly { name: string; port: number; host_key: string; known_hosts: string }[]
}

async function reserve(some: object = {}, manager = first): Promise<Lent> {
  const { status, body } = await manager.send('POST', '/v1/reservations', {
    username: 'ann',
    ssh_keys: [publicKey],
    wait: '1m',
    ...some,
  })
  assert.ok(status === 201 || status === 202, JSON.stringify(body))
  let view = body as View
  while (view.state !== 'active') {
    view = (await manager.get<View>(`/v1/reservations/${view.id}?wait=30`)).body
    assert.notEqual(view.state, 'ended')
  }
  const [container] = view.containers
  assert.ok(container)
  const { name, port, known_hosts: key } = container
  return { id: view.id, name, port, key, expiresAt: Date.parse(view.keepalive_until ?? view.expires_at) }
}

const through = ({ host }: GatewayProcess, { port }: Lent): Promise<Session> =>
  login({ host, port, username: 'ann', privateKey })

/** Returns how long the request took, in milliseconds, and its status. */
async function release({ id }: Lent, { url } = first): Promise<{ ms: number; status: number }> {
  const began = performance.now()
  const { status } = await fetch(`${url}/v1/reservations/${id}`, { method: 'DELETE' })
  return { ms: performance.now() - began, status }
}

/** Returns how long the connection stays open from now on, in milliseconds. */
async function closedAfter(session: Session): Promise<number> {
  const began = performance.now()
  await session.closed
  return performance.now() - began
}

async function untilEngineAnswers(): Promise<void> {
  for (const { url } of managers) await eventually(async () => (await fetch(`${url}/readyz`)).ok)
}

before(async () => {
  await Promise.all([...managers, own].map((manager) => manager.start()))
  one = await listening(startGateway('127.0.0.2', '--health', `127.0.0.1:${healthPort}`, '--drain', '3s'))
  two = await listening(startGateway('127.0.0.3'))
  await first.untilReady()
  cutOff = await listening(startThroughProxy('127.0.0.7', '--drain', '0'))
  const lent = await reserve({ keepalive: '10s' })
  const sessions = await Promise.all([through(one, lent), through(cutOff, lent)])
  const due = lent.expiresAt - Date.now()
  expired = Promise.all(sessions.map(async (session) => (await closedAfter(session)) - due))
  proxy.drop(true)
  assert.equal((await sessions[1]?.exec('echo goes on'))?.stdout, 'goes on')
})

describe('a login through a gateway', () => {
  it('reaches the container with the known host key, and copies 50 MiB', async (t) => {
    const lent = await reserve()
    const file = join(folder, 'content')
    writeFileSync(file, randomBytes(50 * MIB))
    const known = join(folder, 'known_hosts')
    writeFileSync(known, `${lent.key}\n`)
    const options = ['-i', keyFile, '-o', `UserKnownHostsFile=${known}`, '-o', 'StrictHostKeyChecking=yes']
    const ssh = (...words: string[]) =>
      execute('ssh', ['-F', '/dev/null', ...options, '-p', String(lent.port), 'ann@127.0.0.2', ...words])
    assert.equal((await ssh('hostname')).stdout.trim(), lent.name)
    const began = performance.now()
    await execute('scp', ['-F', '/dev/null', ...options, '-P', String(lent.port), file, 'ann@127.0.0.2:content'])
    t.diagnostic(`${Math.round(50_000 / (performance.now() - began))} MiB/s`)
    const [digest] = (await ssh('sha256sum content')).stdout.split(' ')
    assert.equal(digest, createHash('sha256').update(readFileSync(file)).digest('hex'))
    await release(lent)
  })

  it('is refused while the container is free', async () => {
    const lent = await reserve()
    assert.match(await banner('127.0.0.2', lent.port), /^SSH-2.0/)
    await release(lent)
    assert.equal(await banner('127.0.0.2', lent.port), '')
    // sshd of the next generation answers, but not through the gateway.
    await eventually(async () => (await banner('127.0.0.1', lent.port)).startsWith('SSH-2.0'))
    assert.equal(await banner('127.0.0.2', lent.port), '')
  })

  it('passes the end of input on, and the output that follows it', async () => {
    const lent = await reserve()
    const command = `ssh -F /dev/null -i ${keyFile} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
      -o LogLevel=ERROR -p ${lent.port} ann@127.0.0.2 'cat; sleep 0.3; echo after'`
    const { stdout } = await execute('sh', ['-c', `echo in | ${command}`])
    assert.equal(stdout, 'in\nafter\n')
    await release(lent)
  })
})

describe('the end of a reservation', () => {
  it('cuts at its time, also at a gateway without its database, which accepts nothing until it has it again', async (t) => {
    const [late = 0, lateWithoutDatabase = 0] = await expired
    t.diagnostic(`cut ${Math.round(late)} ms after the end, without database ${Math.round(lateWithoutDatabase)} ms`)
    for (const ms of [late, lateWithoutDatabase]) assert.ok(ms > -50 && ms < WITHIN_MS, String(ms))
    const lent = await reserve()
    assert.equal(await banner(cutOff.host, lent.port), '')
    proxy.drop(false)
    await eventually(async () => (await banner(cutOff.host, lent.port)).startsWith('SSH-2.0'))
    cutOff.child.kill('SIGTERM')
    assert.equal(await cutOff.ended, 0)
    await release(lent)
  })

  it('cuts at both gateways within a second, and the request answers then', async (t) => {
    const lent = await reserve()
    const sessions = await Promise.all([through(one, lent), through(two, lent)])
    const closed = Promise.all(sessions.map(closedAfter))
    const released = await release(lent, second)
    const cuts = await closed
    t.diagnostic(`answered after ${Math.round(released.ms)} ms, cut after ${cuts.map(Math.round).join(' and ')} ms`)
    assert.equal(released.status, 200)
    assert.ok(Math.max(...cuts) < WITHIN_MS && released.ms < WITHIN_MS, `${cuts.join()} ${released.ms}`)
  })

  it('does not cut a connection whose reservation was extended', async () => {
    const lent = await reserve({ duration: '1m' })
    const session = await through(one, lent)
    const { status } = await second.send('PATCH', `/v1/reservations/${lent.id}`, { extend: '30m' })
    assert.equal(status, 200)
    assert.equal((await session.exec('echo here')).stdout, 'here')
    await release(lent)
    await session.closed
  })

  it('is recorded within a second while the engine of the manager is frozen', async (t) => {
    const lent = await reserve()
    const generation = (await first.containers()).find(({ name }) => name === lent.name)?.generation ?? 0
    const session = await through(two, lent)
    const closed = closedAfter(session)
    engine.freeze()
    try {
      const released = await release(lent)
      t.diagnostic(`answered after ${Math.round(released.ms)} ms, cut after ${Math.round(await closed)} ms`)
      assert.equal(released.status, 200)
      assert.ok(released.ms < WITHIN_MS, String(released.ms))
      assert.equal((await first.get<View>(`/v1/reservations/${lent.id}`)).body.state, 'ended')
      const row = (await first.containers()).find(({ name }) => name === lent.name)
      assert.equal(row?.state, 'removing')
      // Docker still has it, and it runs: no tenant can log in, and no other reservation gets it.
      assert.equal((await docker('inspect', '-f', '{{.State.Running}}', lent.name)).trim(), 'true')
      assert.equal(await banner('127.0.0.2', lent.port), '')
    } finally {
      engine.thaw()
    }
    await untilEngineAnswers()
    await first.until('replaced', (all) =>
      all.some(({ name, state, generation: now }) => name === lent.name && state === 'ready' && now > generation),
    )
  })

  it('is confirmed by the engine while a gateway is frozen', async (t) => {
    const lent = await reserve()
    const session = await through(one, lent)
    const frozen = await through(two, lent)
    two.child.kill('SIGSTOP')
    try {
      const closed = closedAfter(session)
      const released = await release(lent)
      t.diagnostic(`answered after ${Math.round(released.ms)} ms, cut after ${Math.round(await closed)} ms`)
      assert.equal(released.status, 200)
      // Nothing runs in it any more: it is down, or the next generation is in its place.
      const { body: row } = await first.get<{ state: string }>(`/v1/containers/${lent.name}`)
      assert.notEqual(row.state, 'reserved')
    } finally {
      two.child.kill('SIGCONT')
    }
    await frozen.closed
  })

  it('is not taken for confirmed while a gateway and the engine are frozen', async () => {
    const lent = await reserve()
    const frozen = await through(two, lent)
    const stateNow = async () => (await first.get<View>(`/v1/reservations/${lent.id}`)).body.state
    two.child.kill('SIGSTOP')
    engine.freeze()
    try {
      const releasing = release(lent)
      assert.equal(await Promise.race([releasing, sleep(2_000, 'pending')]), 'pending')
      assert.equal(await stateNow(), 'ending')
      two.child.kill('SIGCONT')
      // The gateway continues, and cuts: that is enough.
      await frozen.closed
      assert.equal((await releasing).status, 200)
      assert.equal(await stateNow(), 'ended')
    } finally {
      two.child.kill('SIGCONT')
      engine.thaw()
    }
    await untilEngineAnswers()
  })
})

describe('a container', () => {
  it('that is reset loses its connections, and the next generation has others', async () => {
    const lent = await reserve()
    const session = await through(one, lent)
    const closed = closedAfter(session)
    const { status } = await second.send('POST', `/v1/containers/${lent.name}/reset`, {})
    assert.equal(status, 202)
    assert.ok((await closed) < WITHIN_MS)
    await eventually(async () => {
      const next = await through(one, lent)
      next.close()
      assert.notEqual(next.hostKey, session.hostKey)
      return true
    })
    await release(lent)
  })
})

describe('a gateway', () => {
  it('keeps sessions while the managers are killed and start again', async () => {
    const lent = await reserve()
    const session = await through(one, lent)
    await Promise.all(managers.map((manager) => manager.kill()))
    assert.equal((await session.exec('echo alone')).stdout, 'alone')
    const other = await through(two, lent)
    assert.equal((await other.exec('echo new')).stdout, 'new')
    await Promise.all(managers.map((manager) => manager.start()))
    assert.equal((await session.exec('echo still')).stdout, 'still')
    await release(lent)
    await session.closed
  })

  it('serves its other ports while another program has one, and that one later', async () => {
    const lent = await reserve()
    const taken = await tryToListen(lent.port, '127.0.0.4')
    assert.ok(taken)
    const health = ['--health', `127.0.0.1:${otherHealthPort}`]
    const third = await listening(startGateway('127.0.0.4', '--drain', '0', ...health))
    const readiness = async () => (await fetch(`http://127.0.0.1:${otherHealthPort}/readyz`)).text()
    assert.equal(await readiness(), `ready; cannot listen on port ${lent.port}\n`)
    assert.match(third.output(), new RegExp(`EADDRINUSE.*cannot listen on 127.0.0.4:${lent.port}; it tries again`))
    assert.match(third.output(), new RegExp(`listens on ${SIZE - 1} ports`))
    const others = await reserve()
    assert.match(await banner('127.0.0.4', others.port), /^SSH-2.0/)
    taken.close()
    await eventually(async () => /^SSH-2.0/.test(await banner('127.0.0.4', lent.port)))
    assert.equal(await readiness(), 'ready\n')
    third.child.kill('SIGTERM')
    assert.equal(await third.ended, 0)
    await Promise.all([release(lent), release(others)])
  })

  it('answers probes, and counts', async () => {
    const answer = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${healthPort}${path}`)
      return { status: response.status, text: await response.text() }
    }
    assert.deepEqual(await answer('/healthz'), { status: 200, text: 'ok\n' })
    assert.deepEqual(await answer('/readyz'), { status: 200, text: 'ready\n' })
    const { text } = await answer('/metrics')
    assert.match(text, new RegExp(`^berth_gateway_ports ${SIZE}$`, 'm'))
    assert.match(text, /^berth_gateway_cut_total \d+$/m)
  })

  it('limits the connections of one address, not those of others', async () => {
    const lent = await reserve()
    const sockets: Socket[] = []
    const open = async (localAddress: string) => {
      const socket = connect({ host: '127.0.0.3', port: lent.port, localAddress })
      sockets.push(socket)
      socket.on('error', () => {})
      const outcome = await Promise.race([
        once(socket, 'data').then(() => true),
        once(socket, 'close').then(() => false),
      ])
      socket.destroy()
      return outcome
    }
    // Several at once: a slow machine must reach the limit within 10 seconds, too.
    await eventually(async () =>
      (await Promise.all(Array.from({ length: 10 }, () => open('127.0.0.5')))).includes(false),
    )
    assert.equal(await open('127.0.0.6'), true)
    assert.match(two.output(), /connections from 127\.0\.0\.5 are refused: more than 60 new connections/)
    await release(lent)
  })

  it('lets open connections end after SIGTERM, for a while', async () => {
    const lent = await reserve()
    const session = await through(one, lent)
    const cut = await through(one, lent)
    one.child.kill('SIGTERM')
    await eventually(async () => /ECONNREFUSED/.test(await through(one, lent).then(() => '', String)))
    assert.equal((await session.exec('echo drains')).stdout, 'drains')
    session.close()
    await cut.closed
    assert.equal(await one.ended, 0)
    assert.deepEqual(await postgres.query('doors', "select 1 from gateways where address like '%127.0.0.2'"), [])
    one = await listening(startGateway('127.0.0.2', '--drain', '1h'))
    const last = await through(one, lent)
    one.child.kill('SIGTERM')
    await eventually(async () => one.output().includes('accepts no further connections'))
    one.child.kill('SIGTERM')
    assert.equal(await one.ended, 143)
    await last.closed
    await release(lent)
  })
})

describe('the gateway of a manager', () => {
  it('forwards, is counted, and cuts when the reservation ends', async () => {
    await own.untilReady()
    const lent = await reserve({}, own)
    const session = await login({ host: '127.0.0.2', port: lent.port, username: 'ann', privateKey })
    assert.equal((await session.exec('hostname')).stdout, lent.name)
    const metrics = await (await fetch(`${own.url}/metrics`)).text()
    assert.match(metrics, /^berth_gateway_connections 1$/m)
    const closed = closedAfter(session)
    const released = await release(lent, own)
    assert.ok(released.ms < WITHIN_MS && (await closed) < WITHIN_MS)
    assert.equal(await banner('127.0.0.2', lent.port), '')
  })
})
