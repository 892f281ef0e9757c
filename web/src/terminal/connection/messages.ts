/** Text messages of a terminal's WebSocket. Binary messages are input and output of the shell. */

/** Subprotocol of the manager. A second one carries the ticket, to keep it out of URLs. */
export const PROTOCOL = 'berth.v1'

/** Largest binary message that the manager accepts. */
const MAX_INPUT_BYTES = 64 * 1024

export interface Ended {
  /** "exited", "released", "expired" or another word of the manager. */
  readonly why: string
  /** A sentence. */
  readonly reason: string
  /** RFC 3339. */
  readonly at: string
}

/**
 * What happened while the connection was lost. `gap`: the shell continued, but the manager, for example a new one, does
 * not have all of its output. `lost`: another shell takes its place.
 */
export type NoteKind = 'reconnected' | 'gap' | 'lost'

export type ServerMessage =
  | { readonly type: 'attached'; cols: number; rows: number; replayed: number; lost: boolean }
  | { readonly type: 'size'; cols: number; rows: number }
  | ({ readonly type: 'ended' } & Ended)

/** Returns the message, or null if it is invalid or of a later version. */
export function parseMessage(text: string): ServerMessage | null {
  const message = parsed(text)
  if (message === null) return null
  const { type, cols, rows } = message
  switch (type) {
    case 'attached':
      return isSize(cols) && isSize(rows)
        ? { type, cols, rows, replayed: Number(message['replayed'] ?? 0), lost: message['lost'] === true }
        : null
    case 'size':
      return isSize(cols) && isSize(rows) ? { type, cols, rows } : null
    case 'ended':
      return { type, why: String(message['why']), reason: String(message['reason']), at: String(message['at']) }
    default:
      return null
  }
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function isSize(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0
}

/** Returns the input in messages that the manager accepts. */
export function inputMessages(input: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const messages: Uint8Array<ArrayBuffer>[] = []
  for (let at = 0; at < input.length; at += MAX_INPUT_BYTES) messages.push(input.subarray(at, at + MAX_INPUT_BYTES))
  return messages
}
