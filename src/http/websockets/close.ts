/** Codes with which the manager closes a WebSocket. Those below 4000 are defined by RFC 6455. */
import type { WebSocket } from '@fastify/websocket'
import { codeOf, reasonOf } from '../../domain/errors.ts'

export const CLOSE = {
  normal: 1000,
  signed_out: 4401,
  not_found: 4404,
  replaced: 4409,
  over: 4410,
  too_many: 4429,
  restarting: 1012,
  /** The engine or the container does not answer. */
  unreachable: 1013,
  protocol_error: 1008,
} as const

/** Maximum size of the reason of a close (RFC 6455, 5.5). */
const MAX_REASON_BYTES = 123

export function closeWith(socket: WebSocket, code: number, reason: string): void {
  let text = reason
  while (Buffer.byteLength(text) > MAX_REASON_BYTES) text = text.slice(0, -1)
  socket.close(code, text)
}

/** Closes a WebSocket that could not be connected to what it was opened for. */
export function closeWithError(socket: WebSocket, error: unknown): void {
  const codes = { not_found: CLOSE.not_found, rate_limited: CLOSE.too_many, not_active: CLOSE.over } as const
  const code = codeOf(error)
  closeWith(socket, code in codes ? codes[code as keyof typeof codes] : CLOSE.unreachable, reasonOf(error))
}
