import type { IncomingMessage } from 'node:http'
import type { FastifyReply } from 'fastify'
import { BerthError } from '../../domain/errors.ts'

/** Paths of the WebSockets: those of terminals and of tunnels. */
const PATHS = /^\/v1\/(?:terminals\/[^/?#]+|containers\/[^/?#]+\/ssh)\/?(?:[?#]|$)/

/** Returns whether a request opens a WebSocket of the API. Other upgrades are ignored, such as that to HTTP/2. */
export function isWebSocketUpgrade({ method, url = '', headers }: IncomingMessage): boolean {
  // Every answer asks, and hardly any request has the header: the path is looked at last.
  const isWebSocket = method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
  return isWebSocket && PATHS.test(url)
}

/** Refuses a request for a WebSocket that is a plain GET. `advice` says how to open it. */
export function requireUpgrade(reply: FastifyReply, advice: string): never {
  // RFC 9110, 15.5.22 and 7.8: a 426 names the protocol in Upgrade, and Upgrade in Connection.
  reply.headers({ upgrade: 'websocket', connection: 'upgrade' })
  const cause = Object.assign(new Error('Upgrade'), { statusCode: 426 })
  throw new BerthError('invalid_request', `this is a WebSocket; ${advice}`, { cause })
}
