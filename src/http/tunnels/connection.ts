/** Forwards bytes between the WebSocket of a tunnel and the sshd of a container. Nothing in them is interpreted. */
import { connect, type Socket } from 'node:net'
import type { WebSocket } from '@fastify/websocket'
import { reasonOf } from '../../domain/errors.ts'
import type { AdmittedTunnel, TunnelClosing, TunnelConnection } from '../../usecases/tunnels/types.ts'
import { CLOSE, closeWith, closeWithError } from '../websockets/close.ts'

/** Maximum output of sshd that waits for the client in the manager's memory, but for one chunk. */
const MAX_WAITING_BYTES = 256 * 1024
/** Maximum time to connect to sshd. */
const CONNECT_MS = 5_000
/** Pings that a client may leave unanswered. */
const MAX_UNANSWERED_PINGS = 1

class Forwarder implements TunnelConnection {
  readonly #socket: WebSocket
  #sshd: Socket | null = null
  #isClosed = false
  #unansweredPings = 0

  constructor(socket: WebSocket) {
    this.#socket = socket
    // Until sshd has answered.
    socket.pause()
    const received = () => {
      this.#unansweredPings = 0
    }
    socket.on('pong', received)
    socket.on('ping', received)
    socket.on('error', () => socket.terminate())
    socket.once('close', () => this.#end())
    socket.on('message', (data: Buffer, isBinary) => {
      // Reads on after the end: the answer to the close comes after what the client has sent before it.
      if (this.#isClosed) return
      received()
      if (!isBinary) return this.#refuse('send bytes as binary messages')
      // Returns false when sshd takes no more for now.
      if (this.#sshd?.write(data) === false) socket.pause()
    })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Connects to sshd. Closes the WebSocket if that fails, and when sshd closes the connection. */
  dial({ address, closeIfOver }: AdmittedTunnel): void {
    const sshd = connect({ ...address, noDelay: true, keepAlive: true, timeout: CONNECT_MS })
    this.#sshd = sshd
    const socket = this.#socket
    let isConnected = false
    sshd.once('connect', () => {
      isConnected = true
      socket.resume()
    })
    // It is also emitted after a silence of the connection, which is allowed.
    sshd.once('timeout', () => {
      if (!isConnected) sshd.destroy(new Error(`no answer within ${CONNECT_MS / 1_000} s`))
    })
    sshd.on('data', (chunk) => {
      socket.send(chunk, { binary: true }, () => {
        if (socket.bufferedAmount < MAX_WAITING_BYTES) sshd.resume()
      })
      if (socket.bufferedAmount >= MAX_WAITING_BYTES) sshd.pause()
    })
    sshd.on('drain', () => socket.resume())
    sshd.on('error', (error) => {
      if (!isConnected) this.#closeWith(CLOSE.unreachable, `sshd does not answer: ${reasonOf(error)}`)
    })
    sshd.once('close', () => {
      if (this.#isClosed) return
      // The client's messages are discarded from now on. They are still read, because its close may be among them.
      this.#sshd = null
      socket.resume()
      void closeIfOver().then(() => this.#closeWith(CLOSE.normal, 'sshd closed the connection'))
    })
  }

  ping(): void {
    // A paused WebSocket reads no pong.
    if (this.#socket.isPaused) return
    if (this.#unansweredPings > MAX_UNANSWERED_PINGS) this.#socket.terminate()
    this.#unansweredPings += 1
    this.#socket.ping()
  }

  close(why: TunnelClosing, reason: string): void {
    this.#closeWith(CLOSE[why], reason)
  }

  #refuse(problem: string): void {
    this.#closeWith(CLOSE.protocol_error, problem)
  }

  #closeWith(code: number, reason: string): void {
    if (this.#isClosed) return
    this.#end()
    // Otherwise the answer to the close is never read.
    this.#socket.resume()
    closeWith(this.#socket, code, reason)
  }

  #end(): void {
    this.#isClosed = true
    this.#sshd?.destroy()
  }
}

/** Serves a WebSocket with the tunnel that `open` returns. */
export async function serveTunnel(
  socket: WebSocket,
  open: (connection: TunnelConnection) => Promise<AdmittedTunnel>,
): Promise<void> {
  const forwarder = new Forwarder(socket)
  try {
    const tunnel = await open(forwarder)
    // The WebSocket may have been closed meanwhile.
    if (forwarder.isClosed) return tunnel.leave()
    socket.once('close', () => tunnel.leave())
    forwarder.dial(tunnel)
  } catch (error) {
    socket.resume()
    closeWithError(socket, error)
  }
}
