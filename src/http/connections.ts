/**
 * What connections may cost: how many there are, how many answers one of them may be owed, and how long it may take to
 * send a request or to take an answer. Node bounds only some of that by itself.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

type Socket = IncomingMessage['socket']

/** Beyond these, the connection on which nothing has been going on for longest makes room for a new one. */
const MOST = 2_000
/** Requests of one connection that are not answered yet. Hardly any client sends a second one before that. */
const MOST_UNANSWERED = 8
/** For the head of a request, and for all of it, in milliseconds; how often that is looked at. */
const HEAD_TIMEOUT = 10_000
const REQUEST_TIMEOUT = 30_000
const LOOK_EVERY = 2_000
/** As fastify has it. */
const KEEP_ALIVE = 72_000

export interface Connections {
  /** Somebody works on the answer to this request: its connection is not to make room. */
  working(request: IncomingMessage): void
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** For fastify's `serverFactory`. */
export function boundedServer(most = MOST): { create: (handler: Handler) => Server; connections: Connections } {
  const unanswered = new Map<Socket, number>()
  /** In the order in which something has happened on them. */
  const idle = new Set<Socket>()
  /** Those whose answer under way is their last. */
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
    })
  }

  /** False when its connection has had enough. */
  function admits({ socket, headers }: IncomingMessage, response: ServerResponse): boolean {
    // What comes after it was never asked for by whoever means what they send (RFC 9112, 9.6).
    if (last.has(socket)) return false
    // Only HTTP/1.0 may leave it out; and whoever sends that in 1.1 may hide something behind it.
    if (headers.host === undefined) response.shouldKeepAlive = false
    if (!response.shouldKeepAlive) last.add(socket)
    const owed = (unanswered.get(socket) ?? 0) + 1
    // What was read before the connection was cut is still parsed.
    if (socket.destroyed) return false
    if (owed > MOST_UNANSWERED) {
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
    if (owed === 1) idle.add(socket)
  }

  function create(handler: Handler): Server {
    const server = createServer(
      {
        ...{ headersTimeout: HEAD_TIMEOUT, requestTimeout: REQUEST_TIMEOUT, keepAliveTimeout: KEEP_ALIVE },
        connectionsCheckingInterval: LOOK_EVERY,
        // Node's own refusal goes on with what comes behind it; ours is in access/guard.ts.
        requireHostHeader: false,
      },
      (request, response) => {
        if (admits(request, response)) handler(request, response)
      },
    )
    return server.on('connection', arrived)
  }

  return { create, connections: { working: ({ socket }) => void idle.delete(socket) } }
}
