/** A TCP proxy before a PostgreSQL server, which fails on demand. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * What becomes of a message to the server, and of what follows on the connection. `lose-answer` delivers it and cuts
 * the connection before the answer; `lose` cuts it before delivering; `swallow-answer` delivers it and stays silent.
 */
export type Fault = 'lose-answer' | 'lose' | 'swallow-answer'

export interface FaultyProxy {
  readonly port: number
  /** Applies the fault to the next message with this text, once. */
  failNext(text: string, fault: Fault): void
  close(): void
}

/** `drops`: messages of the server with this text get lost, as notifications do in a pooler in transaction mode. */
export async function openProxy(port: number, drops?: string): Promise<FaultyProxy> {
  const sockets = new Set<Socket>()
  let next: { readonly text: string; readonly fault: Fault } | null = null

  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    let isSilent = false
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => {}))
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    upstream.on('data', (bytes) => {
      if (!isSilent && (drops === undefined || !bytes.includes(drops))) client.write(bytes)
    })
    client.on('data', (bytes) => {
      const fault = next !== null && bytes.includes(next.text) ? next.fault : null
      if (fault === null) return void upstream.write(bytes)
      next = null
      isSilent = true
      if (fault === 'lose') return void upstream.destroy()
      upstream.write(bytes)
      // The server has the message before the end of the connection.
      if (fault === 'lose-answer') upstream.once('data', () => upstream.destroy())
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    failNext(text, fault) {
      next = { text, fault }
    },
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
