/** A proxy in front of a manager that fails as networks and proxies do. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after } from 'node:test'

export interface FailingProxy {
  readonly url: string
  /** Forwards everything on new connections, and on those that were never stalled. */
  pass(): void
  /** Answers every request with this text from now on, and closes open connections. */
  answer(text: string): void
  /** Forwards nothing and closes nothing, like a lost network or a socket of a machine that slept. */
  stall(): void
  /** Closes all connections once. */
  cut(): void
}

interface Connection {
  readonly client: Socket
  upstream?: Socket
  /** Whether it was stalled, and may have lost bytes. */
  isDead: boolean
}

/** Returns a proxy in front of `target`. Closed after the tests of the file. */
export async function openFailingProxy(target: string): Promise<FailingProxy> {
  const { hostname, port } = new URL(target)
  const connections = new Set<Connection>()
  let state: { readonly kind: 'pass' | 'stall' } | { readonly kind: 'answer'; readonly text: string } = { kind: 'pass' }

  const server = createServer((client) => {
    const connection: Connection = { client, isDead: state.kind === 'stall' }
    connections.add(connection)
    client.once('close', () => connections.delete(connection)).on('error', () => client.destroy())
    if (state.kind === 'answer') {
      const { text } = state
      client.once('data', () => client.end(text))
    } else if (state.kind === 'pass') {
      const upstream = connect(Number(port), hostname)
      upstream.on('error', () => upstream.destroy())
      connection.upstream = upstream
      join(client, upstream, connection)
      join(upstream, client, connection)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  const cut = () => {
    for (const { client, upstream } of connections) {
      client.destroy()
      upstream?.destroy()
    }
  }
  after(() => {
    server.close()
    cut()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    pass() {
      state = { kind: 'pass' }
    },
    answer(text) {
      state = { kind: 'answer', text }
      cut()
    },
    stall() {
      state = { kind: 'stall' }
      for (const connection of connections) connection.isDead = true
    },
  }
}

function join(from: Socket, to: Socket, connection: Connection): void {
  from.on('data', (bytes: Buffer) => connection.isDead || to.write(bytes))
  from.once('close', () => connection.isDead || to.destroy())
}

/** Returns a complete HTTP response that closes its connection. */
export function response(status: string, type: string, body: string): string {
  const headers = `content-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`
  return `HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`
}
