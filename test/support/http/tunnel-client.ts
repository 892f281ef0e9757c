/** A client of a tunnel, over a real WebSocket, and a server that stands for sshd. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { after } from 'node:test'
import { createWebSocketStream, WebSocket } from 'ws'
import { eventually } from '../../../lab/eventually.ts'

const PROTOCOL = 'berth.ssh.v1'

export interface TunnelOptions {
  /** "http://127.0.0.1:8080" */
  readonly address: string
  readonly container: string
  readonly headers?: Readonly<Record<string, string>>
  readonly protocols?: readonly string[]
  /** Certificate of the authority of an https address. */
  readonly ca?: Buffer
}

export class TunnelClient {
  readonly socket: WebSocket
  /** Its TCP connection, once it is open. */
  raw: Socket | undefined
  readonly #chunks: Buffer[] = []
  /** Resolves when the connection is closed. */
  readonly closed: Promise<{ code: number; reason: string; at: number }>
  /** Resolves with the status of a refusal, or 101. */
  readonly answered: Promise<number>

  constructor({ address, container, headers = {}, protocols = [PROTOCOL], ca }: TunnelOptions) {
    const url = `${address.replace('http', 'ws')}/v1/containers/${container}/ssh`
    this.socket = new WebSocket(url, [...protocols], { headers, ...(ca && { ca }) })
    // A refusal is in `answered`, other errors are in `closed`.
    this.socket.on('error', () => undefined)
    this.socket.on('message', (data: Buffer) => void this.#chunks.push(data))
    this.socket.once('upgrade', ({ socket }) => {
      this.raw = socket
    })
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString(), at: performance.now() })
      })
    })
    this.answered = new Promise((resolve) => {
      this.socket.once('open', () => resolve(101))
      this.socket.once('unexpected-response', (_request, { statusCode = 0 }) => {
        this.socket.terminate()
        resolve(statusCode)
      })
    })
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  async opened(): Promise<this> {
    assert.equal(await this.answered, 101)
    return this
  }

  /** Returns the connection as a stream. To be called before anything is received. */
  stream(): Duplex {
    return createWebSocketStream(this.socket)
  }

  /** Waits until this has been received. */
  async receives(text: string): Promise<void> {
    await eventually(async () => this.received.includes(text))
  }
}

export interface StandIn {
  readonly address: { readonly host: string; readonly port: number }
  /** Connections that are open, the oldest first. */
  readonly connections: Set<Socket>
}

/** Starts a server that answers each connection as `serve` says; by default it returns what it reads. */
export async function standInForSshd(
  serve: (socket: Socket) => void = (socket) => socket.pipe(socket),
): Promise<StandIn> {
  const connections = new Set<Socket>()
  const server = createServer((socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
    socket.on('error', () => undefined)
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    server.close()
    for (const socket of connections) socket.destroy()
  })
  return { address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port }, connections }
}
