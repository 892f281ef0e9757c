/** Connects the WebSocket of a viewer to its terminal. Binary messages are bytes, texts are JSON. */
import type { WebSocket } from '@fastify/websocket'
import type { Attachment } from '../../usecases/terminals/running-terminal.ts'
import type { Closing, Connection, ViewerMessage } from '../../usecases/terminals/viewer.ts'
import { time } from '../time.ts'
import { CLOSE, closeWith, closeWithError } from '../websockets/close.ts'

/**
 * Maximum output that waits for a client in the manager's memory. A client that reads needs less than 1 MiB: the replay
 * and the window. One that acknowledges what it has not read would fill the memory.
 */
const MAX_BUFFERED_BYTES = 2 * 1024 * 1024
/** The WebSocket of a viewer. Takes no input until `hold(false)`. */
class ViewerSocket implements Connection {
  readonly #socket: WebSocket
  /** Whether the client has sent anything since the last ping. */
  #isAlive = true

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.pause()
    socket.on('pong', () => this.received())
    // Each was answered with a pong.
    socket.on('ping', () => this.#disconnectIfFull())
    socket.on('error', () => socket.terminate())
  }

  send(message: ViewerMessage): void {
    this.#socket.send(textOf(message))
    this.#disconnectIfFull()
  }

  output(bytes: Uint8Array): void {
    this.#socket.send(bytes, { binary: true })
    this.#disconnectIfFull()
  }

  hold(held: boolean): void {
    if (held) this.#socket.pause()
    else this.#socket.resume()
  }

  ping(): void {
    if (!this.#isAlive) this.#socket.terminate()
    // A paused socket reads no pong.
    this.#isAlive = this.#socket.isPaused
    if (!this.#isAlive) this.#socket.ping()
  }

  received(): void {
    this.#isAlive = true
  }

  close(why: Closing, reason: string): void {
    closeWith(this.#socket, CLOSE[why], reason)
  }

  #disconnectIfFull(): void {
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) this.#socket.terminate()
  }
}

/** Attaches the WebSocket with `attach`. Messages that arrive before that wait. */
export async function serveViewer(
  socket: WebSocket,
  attach: (connection: Connection) => Promise<Attachment>,
): Promise<void> {
  const connection = new ViewerSocket(socket)
  let isClosed = false
  socket.once('close', () => {
    isClosed = true
  })
  try {
    const viewer = await attach(connection)
    socket.once('close', () => viewer.leave())
    // The socket was closed before the viewer was attached.
    if (isClosed) viewer.leave()
    socket.on('message', (data: Buffer, isBinary) => {
      connection.received()
      const problem = isBinary ? viewer.type(data) : carryOut(data.toString(), viewer)
      if (problem) connection.close('protocol_error', problem)
    })
    connection.hold(false)
  } catch (error) {
    connection.hold(false)
    closeWithError(socket, error)
  }
}

function textOf(message: ViewerMessage): string {
  return JSON.stringify(message.type === 'ended' ? { ...message, at: time(message.at) } : message)
}

/** Carries out a message. Returns why it cannot be understood, or undefined. */
function carryOut(text: string, viewer: Attachment): string | undefined {
  let message: Partial<Record<string, unknown>> | null
  try {
    message = JSON.parse(text)
  } catch {
    return 'a text message must be JSON; send input as a binary message'
  }
  const { type, cols, rows, bytes } = message ?? {}
  if (type === 'resize') {
    return viewer.resize({ cols: Number(cols), rows: Number(rows) })
      ? undefined
      : 'resize: cols and rows must be integers from 1 to 1000'
  }
  if (type === 'ack') {
    return viewer.acknowledge(Number(bytes)) ? undefined : 'ack: bytes must be the number processed since "attached"'
  }
  return 'unknown message; allowed: resize, ack'
}
