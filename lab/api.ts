/** The HTTP API over a whole manager in memory, and requests to it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { BerthError } from '../src/domain/errors.ts'
import type { Pool } from '../src/domain/pool.ts'
import type { Store } from '../src/ports/store.ts'
import { clientFiles } from '../src/client-files.ts'
import type { ServerContext, ServerSettings } from '../src/http/context.ts'
import { allowAnonymous } from '../src/http/auth/auth.ts'
import { createTokens } from '../src/usecases/tokens.ts'
import { openMetrics } from '../src/http/ops/metrics.ts'
import { RequestCounts } from '../src/http/auth/request-counts.ts'
import { Drain } from '../src/http/drain.ts'
import { buildServer } from '../src/http/server.ts'
import { type FaultRule, faulty } from './faulty.ts'
import { pool } from './rows.ts'
import { createWorld, type World } from './world.ts'

export const BUILD = { version: '1.2.3', engine: 'memory' }

export const ALPINE = pool({ name: 'alpine', size: 10 })

/** Default settings of the server in tests. */
export const SETTINGS: ServerSettings = {
  sshHost: 'localhost',
  sshTunnel: false,
  defaultPassword: 'test',
  hosts: ['Lab.Example'],
  url: null,
  rateLimit: 0,
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  /** As it was sent: the order of the keys is part of what clients see. */
  readonly text: string
}

export interface Api {
  readonly world: World
  readonly server: FastifyInstance
  get(url: string, headers?: Record<string, string>): Promise<Answer>
  ask(method: string, url: string, headers?: Record<string, string>, body?: string): Promise<Answer>
  /** Returns all rows and logins as text, for comparison. */
  everything(): Promise<string>
  /** The engine stops answering, or answers again. */
  engine(state: 'away' | 'back'): Promise<void>
}

export interface ApiOptions {
  readonly pools?: readonly Pool[]
  /** Machines of the engine. */
  readonly nodes?: readonly string[]
  /** Faults of the store as the routes see it. */
  readonly storeFaults?: FaultRule
  /** false: no tick has been made, and nothing is there yet. */
  readonly settled?: boolean
  /** How callers authenticate; without it, every caller is an admin. */
  readonly access?: (world: World) => Partial<ServerContext & ServerSettings>
}

/** What the routes need of a world. */
type Served = Pick<
  World,
  'reservations' | 'admin' | 'terminals' | 'tunnels' | 'nodes' | 'reconciler' | 'now' | 'logged'
>

/** What the routes work with, taken from a world. */
export function contextOf(world: Served, some: Pick<ServerContext, 'pools' | 'metrics' | 'store'>): ServerContext {
  const write = (message: string, fields?: object) => void world.logged.push(`${message} ${JSON.stringify(fields)}`)
  return {
    version: '1.2.3',
    clientFiles: clientFiles('1.2.3'),
    // Without a dashboard, whether or not this checkout has built one.
    dashboard: '/nonexistent',
    reservations: world.reservations,
    admin: world.admin,
    tokens: createTokens({
      poolNames: () => some.pools.all().map(({ name }) => name),
      clock: world.now,
      withStore: (use) => use(some.store),
    }),
    terminals: world.terminals,
    tunnels: world.tunnels,
    nodes: world.nodes,
    gateway: null,
    reconciler: world.reconciler,
    clock: () => world.now(),
    clockOffset: () => 0,
    authenticate: allowAnonymous(),
    isStillValid: async () => true,
    requestCounts: new RequestCounts(() => world.now()),
    signIn: null,
    trustProxy: [],
    requestLevel: 'info',
    streaming: { heartbeatMs: 10_000, idleTimeoutMs: 60_000 },
    settings: () => SETTINGS,
    reload: async () => [],
    drain: new Drain(),
    hostCaKey: null,
    requestSecret: Buffer.alloc(32, 7),
    freeSpace: async () => Infinity,
    log: { debug: write, info: write, warn: write, error: write },
    ...some,
  }
}

/** Opens the API. All containers are ready unless `settled` is false. Closed after the tests of the file or suite. */
export async function openApi(options: ApiOptions = {}): Promise<Api> {
  const { pools = [ALPINE], nodes = [], storeFaults = () => null, settled = true, access = () => ({}) } = options
  let away = false
  const error = new BerthError('engine_unavailable', 'no engine there')
  const faults = { engine: () => (away ? { when: 'before' as const, error } : null) }
  const metrics = openMetrics(BUILD)
  const world = await createWorld({ pools, nodes, faults, metrics })
  if (settled) await world.settle()
  const context = contextOf(world, { pools: world.pools, metrics, store: faulty<Store>(world.store, storeFaults) })
  const some = access(world)
  const server = buildServer({ ...context, settings: () => ({ ...SETTINGS, ...some }), ...some })
  after(async () => {
    await server.close()
    await world.store.close()
  })
  const ask: Api['ask'] = async (method, url, headers = {}, body) => {
    const answer = await server.inject({
      method: method as 'GET',
      url,
      headers,
      ...(body !== undefined && { body }),
    })
    assert.match(String(answer.headers['content-type']), /^application\/(problem\+)?json; charset=utf-8$/, url)
    return { status: answer.statusCode, headers: answer.headers, text: answer.payload }
  }
  return {
    world,
    server,
    ask,
    get: (url, headers) => ask('GET', url, headers),
    everything: async () => JSON.stringify([await world.store.snapshot(), world.logins()]),
    async engine(state) {
      away = state === 'away'
      await world.reconciler.tick()
    },
  }
}

/** Where the server listens now, on a real socket. */
export async function listening({ server }: Api): Promise<{ address: string; port: number }> {
  const address = await server.listen({ host: '127.0.0.1', port: 0 })
  return { address, port: Number(new URL(address).port) }
}

/** Sends these bytes, and returns all that comes back until the server closes the connection. */
export async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    received += chunk
  })
  socket.write(bytes, 'latin1')
  await once(socket, 'close')
  return received
}
