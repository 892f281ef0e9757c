/**
 * Streams of a container over one WebSocket: each message begins with the number of its channel. The protocols
 * v4.channel.k8s.io and v5.channel.k8s.io differ only in that v5 can end stdin, which is not used.
 */
import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import type { Connection, Query } from '../connection.ts'
import { unexpectedResponse } from '../errors.ts'

const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io']
/** Maximum size of a message. The API server sends at most 32 KiB at a time. */
const MAX_MESSAGE_BYTES = 1024 * 1024

/** Interval of pings. A peer that is gone is noticed within two of them. */
const PING_INTERVAL_MS = 15_000

/** Code of a connection that ended without a closing handshake. */
const ABNORMAL = 1006

export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4 } as const

/** Where a process runs. */
export interface Target {
  readonly namespace: string
  readonly pod: string
  readonly container: string
}

export function pathOf({ namespace, pod }: Target, verb: 'exec' | 'attach'): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/${verb}`
}

export interface Listener {
  /** A message may be empty. */
  onMessage(channel: number, bytes: Buffer): void
  /** `error` is null if the peer has closed the connection in order. Called once. */
  onClose(error: Error | null): void
}

export class Channels {
  readonly #socket: WebSocket

  private constructor(socket: WebSocket, listener: Listener) {
    this.#socket = socket
    let failure: Error | null = null
    socket.on('message', (data) => {
      const bytes = data as Buffer
      if (bytes.length > 0) listener.onMessage(bytes[0] ?? 0, bytes.subarray(1))
    })
    socket.on('error', (error) => (failure = error))
    socket.on('close', (code) => listener.onClose(failure ?? (code === ABNORMAL ? lost() : null)))
  }

  /** Throws `KubernetesApiError` if the API server refuses, and Node's error if it does not answer. */
  static async open(
    connection: Connection,
    path: string,
    query: Query,
    listener: Listener,
    signal: AbortSignal,
  ): Promise<Channels> {
    const { agent, headers } = await connection.route(signal, true)
    signal.throwIfAborted()
    const url = connection.urlOf(path, query)
    url.protocol = 'wss:'
    const socket = new WebSocket(url, PROTOCOLS, {
      agent,
      headers: headers as Record<string, string>,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
    })
    const abort = () => socket.terminate()
    signal.addEventListener('abort', abort, { once: true })
    try {
      // Messages may arrive together with the answer, so listeners are added before the connection is open.
      const channels = new Channels(socket, listener)
      await new Promise<void>((resolve, reject) => {
        socket.once('open', resolve).once('error', reject)
        socket.once('unexpected-response', (request, response: IncomingMessage) => {
          void connection
            .failure(response, signal)
            .then(reject, reject)
            .finally(() => request.destroy())
        })
      })
      if (!PROTOCOLS.includes(socket.protocol)) throw unexpectedResponse()
      return channels
    } catch (error) {
      socket.terminate()
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  /** `done` is called when the bytes were given to the system, or with an error. */
  send(channel: number, bytes: Buffer, done?: (error?: Error) => void): void {
    this.#socket.send(Buffer.concat([Buffer.of(channel), bytes]), { binary: true }, done)
  }

  /** Delivers no more messages until `resume`. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Pings, and closes a connection whose peer has not answered the ping before. */
  keepAlive(): void {
    let isAnswered = true
    this.#socket.on('pong', () => (isAnswered = true))
    const timer = setInterval(() => {
      if (!isAnswered) return this.terminate()
      isAnswered = false
      this.#socket.ping()
    }, PING_INTERVAL_MS)
    timer.unref()
    this.#socket.once('close', () => clearInterval(timer))
  }

  terminate(): void {
    this.#socket.terminate()
  }
}

function lost(): Error {
  return Object.assign(new Error('the connection was lost'), { code: 'CONNECTION_LOST' })
}
