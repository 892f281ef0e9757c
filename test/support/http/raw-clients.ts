/** Clients that speak to a socket themselves, and do not behave. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A crowd of connections, all of which are gone when it is over. */
export interface Crowd {
  /** Never reads unless it is told to, and does not close when it is closed upon. */
  open(bytes?: string | Buffer): Socket
  /** So many, connected. */
  connected(count: number): Promise<Socket[]>
  /** Vanishes: no FIN is sent in order. */
  vanish(): void
}

export function crowd(port: number): Crowd {
  const sockets = new Set<Socket>()
  function open(bytes: string | Buffer = ''): Socket {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.pause()
    if (bytes.length > 0) socket.write(bytes, 'latin1')
    return socket
  }
  return {
    open,
    async connected(count) {
      const all = Array.from({ length: count }, () => open())
      await Promise.all(all.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])))
      return all
    },
    vanish() {
      for (const socket of sockets) socket.resetAndDestroy()
    },
  }
}

/**
 * Sends these bytes and gives what comes back, up to 64 KiB, until the other side closes or has said nothing for
 * `quiet` milliseconds after it has said something, or for a second at all.
 */
export async function exchange(port: number, bytes: string | Buffer, quiet = 50): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  const { promise, resolve } = Promise.withResolvers<void>()
  let timer = setTimeout(resolve, 1_000)
  socket.setEncoding('latin1').on('data', (text: string) => {
    received = (received + text).slice(0, 65_536)
    clearTimeout(timer)
    timer = setTimeout(resolve, quiet)
  })
  socket.on('error', () => resolve())
  socket.once('close', () => resolve())
  socket.write(bytes, 'latin1')
  await promise
  clearTimeout(timer)
  socket.destroy()
  return received
}

/** The status lines of the answers in it. */
export function statusesIn(received: string): number[] {
  return [...received.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status))
}
