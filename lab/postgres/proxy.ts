/** A TCP proxy in front of a PostgreSQL server that fails on demand. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * What happens to a message to the server, and then to its connection. `lose-answer` delivers the message and closes
 * the connection before the answer; `lose` closes the connection without delivering. `swallow-answer` delivers the
 * message, `swallow` does not; nothing is delivered afterwards, not even a close, as when packets are dropped.
 */
export type Fault = 'lose-answer' | 'lose' | 'swallow-answer' | 'swallow'

export interface FaultyProxy {
  readonly port: number
  /** Applies the fault to the next message with this text. With `after`, on a connection that has sent that since. */
  failNext(text: string, fault: Fault, after?: string): void
  /** While dropping, nothing is delivered on any connection, and none is closed. Affected connections stay silent. */
  drop(dropping: boolean): void
  /** Closes all connections, and sends new ones to the server at another port. */
  switchTo(port: number): void
  close(): void
}

/**
 * `drops`: messages of the server with this text are lost, like notifications in a pooler in transaction mode. `host`:
 * the address of the server.
 */
export async function openProxy(port: number, drops?: string, host = '127.0.0.1'): Promise<FaultyProxy> {
  const connections = new Set<Connection>()
  let target = port
  let isDropping = false
  let next: Next | null = null

  const server = createServer((client) => {
    const upstream = connect(target, host)
    const connection: Connection = { sockets: [client, upstream], isSilent: isDropping }
    connections.add(connection)
    for (const socket of connection.sockets) socket.on('error', () => {})
    client.on('close', () => connection.isSilent || upstream.destroy())
    upstream.on('close', () => {
      connections.delete(connection)
      if (!connection.isSilent) client.destroy()
    })
    upstream.on('data', (bytes) => {
      if (!connection.isSilent && (drops === undefined || !bytes.includes(drops))) client.write(bytes)
    })
    client.on('data', (bytes) => {
      if (connection.isSilent) return
      if (next !== null && bytes.includes(next.after)) next.on.add(connection)
      const fault = next?.on.has(connection) && bytes.includes(next.text) ? next.fault : null
      if (fault === null) return void upstream.write(bytes)
      next = null
      if (fault === 'lose') return void upstream.destroy()
      connection.isSilent = true
      if (fault === 'swallow') return
      upstream.write(bytes)
      // Closed only after the server has answered, so that it has received the message.
      if (fault === 'lose-answer') upstream.once('data', () => closeAll([connection]))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    failNext(text, fault, after = '') {
      next = { text, fault, after, on: new Set() }
    },
    drop(dropping) {
      isDropping = dropping
      if (dropping) for (const connection of connections) connection.isSilent = true
    },
    switchTo(other) {
      target = other
      closeAll(connections)
    },
    close() {
      closeAll(connections)
      server.close()
    },
  }
}

interface Next {
  readonly text: string
  readonly fault: Fault
  readonly after: string
  /** Connections that have sent `after`. */
  readonly on: Set<Connection>
}

interface Connection {
  readonly sockets: readonly [client: Socket, upstream: Socket]
  /** Nothing is delivered any more, not even that a side has closed it. */
  isSilent: boolean
}

function closeAll(connections: Iterable<Connection>): void {
  for (const { sockets } of connections) for (const socket of sockets) socket.destroy()
}
