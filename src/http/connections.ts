/**
 * Bounds what connections may cost: how many there are, how many requests of one may be unanswered, how long sending a
 * request may take, and how long one may be idle. Node bounds only some of that by itself.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { hostProblem } from './auth/ambiguous-requests.ts'
import { isWebSocketUpgrade } from './websockets/upgrade.ts'

/** Beyond these, a new connection replaces the one that has been idle for longest. */
const MAX_CONNECTIONS = 2_000
/** Pipelined requests of one connection. Hardly any client sends a second one before the first is answered. */
const MAX_UNANSWERED = 8
/** Maximum time for the head of a request, and for all of it; interval of the check. */
export const HEAD_TIMEOUT_MS = 10_000
export const REQUEST_TIMEOUT_MS = 30_000
const CHECK_EVERY_MS = 2_000
/** The default of fastify. */
const KEEP_ALIVE_MS = 72_000

export interface Connections {
  /** The request is being answered: its connection must not be replaced. */
  working(request: IncomingMessage): void
  /** Resolves when every request that has arrived has been answered. */
  allAnswered(): Promise<void>
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** For fastify's `serverFactory`. */
export function boundedServer(most = MAX_CONNECTIONS): {
  create: (handler: Handler) => Server
  connections: Connections
} {
  const unanswered = new Map<Socket, number>()
  /** Idle connections, the longest idle first. */
  const idle = new Set<Socket>()
  /** Resolve the promises of `allAnswered`. */
  const waiting: (() => void)[] = []
  /** Connections that close after the answer under way. */
  const last = new WeakSet<Socket>()

  function arrived(socket: Socket): void {
    unanswered.set(socket, 0)
    if (unanswered.size > most) {
      const [longest = socket] = idle
      longest.destroy()
    }
    idle.add(socket)
    socket.once('close', () => {
      unanswered.delete(socket)
      idle.delete(socket)
      resolveWaiting()
    })
  }

  function resolveWaiting(): void {
    if (waiting.length === 0 || [...unanswered.values()].some((owed) => owed > 0)) return
    for (const resolve of waiting.splice(0)) resolve()
  }

  /** Returns false when the connection takes no further request. */
  function admits(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket, headers } = request
    // No honest client sends a request after its last one (RFC 9112, 9.6).
    if (last.has(socket)) return false
    // Only HTTP/1.0 may omit Host; a 1.1 request without it may be followed by a smuggled one.
    if (headers.host === undefined || hostProblem(request) !== null) response.shouldKeepAlive = false
    if (!response.shouldKeepAlive) last.add(socket)
    const owed = (unanswered.get(socket) ?? 0) + 1
    // What was read before the connection was closed is still parsed.
    if (socket.destroyed) return false
    if (owed > MAX_UNANSWERED) {
      socket.destroy()
      return false
    }
    unanswered.set(socket, owed)
    response.once('close', () => answered(socket))
    return true
  }

  function answered(socket: Socket): void {
    const owed = unanswered.get(socket)
    if (owed === undefined) return
    unanswered.set(socket, owed - 1)
    if (owed > 1) return
    idle.add(socket)
    resolveWaiting()
  }

  function create(handler: Handler): Server {
    const server = createServer(
      {
        headersTimeout: HEAD_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: CHECK_EVERY_MS,
        // After its own refusal, Node parses what follows; ours is in auth/ambiguous-requests.ts.
        requireHostHeader: false,
        // An upgraded connection leaves Node's parser, so it counts as busy until it closes.
        shouldUpgradeCallback: isWebSocketUpgrade,
      },
      (request, response) => {
        if (admits(request, response)) handler(request, response)
      },
    )
    return server.on('connection', arrived)
  }

  async function allAnswered(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    waiting.push(resolve)
    resolveWaiting()
    await promise
  }

  return { create, connections: { working: ({ socket }) => void idle.delete(socket), allAnswered } }
}

/**
 * Closes the connection of each refused upgrade after its answer. Node's server neither closes it by itself nor when
 * the client does, and waits for it when it is closed.
 */
export function closeRefusedUpgrades(server: FastifyInstance): void {
  server.addHook('onResponse', ({ raw }, _reply, done) => {
    if (isWebSocketUpgrade(raw)) raw.socket.destroy()
    done()
  })
}

/**
 * Closes the connection after `ms` in which nothing was sent on it: there was nothing, or its client took nothing. Node
 * does that by itself when "timeout" has no listener. A listener for each answer took a tenth of the time of a GET.
 */
export function closeWhenIdle({ socket }: ServerResponse, ms: number): void {
  // An injected request has no real socket.
  if (socket instanceof Socket) socket.setTimeout(ms)
}
