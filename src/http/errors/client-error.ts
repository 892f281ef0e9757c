/** Answers bytes that cannot be parsed as a request: there is no route, no hook and no reply, only a socket. */
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { ConnectionError } from 'fastify'

const STATUS: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }

/** Time for the answer to arrive: closed at once, the connection would lose it. */
const LINGER_MS = 1_000

export function answerClientError(error: ConnectionError, socket: IncomingMessage['socket']): void {
  // Bytes that arrive after the answer.
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
  // Node no longer watches this connection, so it is destroyed here unless the client closes it.
  const cut = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(cut))
}
