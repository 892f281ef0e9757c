/** Answers bytes that cannot be parsed as a request: there is no route, no hook and no reply, only a socket. */
import { randomUUID } from 'node:crypto'
import { type IncomingMessage, maxHeaderSize, STATUS_CODES } from 'node:http'
import type { ConnectionError } from 'fastify'
import { HEAD_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from '../connections.ts'

const seconds = (ms: number) => `${ms / 1_000} s`

/** Status and text by Node's error code, where they differ from those of a syntax error. */
const REFUSALS: Readonly<Record<string, readonly [status: number, text: string]>> = {
  HPE_HEADER_OVERFLOW: [431, `its URL and headers are larger than ${maxHeaderSize / 1024} KiB, the maximum; send less`],
  ERR_HTTP_REQUEST_TIMEOUT: [
    408,
    `it did not arrive in time: its headers within ${seconds(HEAD_TIMEOUT_MS)}, all of it within ${seconds(REQUEST_TIMEOUT_MS)}`,
  ],
}

/** Time for the answer to arrive: closed at once, the connection would lose it. */
const LINGER_MS = 1_000

export function answerClientError(error: ConnectionError, socket: IncomingMessage['socket']): void {
  // Bytes that arrive after the answer.
  if (socket.writableEnded && !socket.destroyed) return
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const [status, text] = REFUSALS[error.code] ?? [400, error.message]
  const body = JSON.stringify({ error: `this cannot be read as an HTTP request: ${text}` })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${randomUUID()}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  // Node no longer watches this connection, so it is destroyed here unless the client closes it.
  const cut = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(cut))
}
