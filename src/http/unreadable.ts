/** Answers what cannot even be read as a request: it has no route, no hooks and no reply, only its socket. */
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { ConnectionError } from 'fastify'

const STATUS: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }

/** Milliseconds. Cut at once, the answer would be lost on its way. */
const LINGER = 1_000

export function refuseUnreadable(error: ConnectionError, socket: IncomingMessage['socket']): void {
  // What arrives after the one that was answered.
  if (socket.writableEnded && !socket.destroyed) return
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const status = STATUS[error.code] ?? 400
  const body = JSON.stringify({ error: `this cannot be read as an HTTP request: ${error.message}` })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  // Nobody else looks after this connection any more: who does not close it either has it cut, once the answer has arrived.
  const cut = setTimeout(() => socket.destroy(), LINGER)
  socket.once('close', () => clearTimeout(cut))
}
