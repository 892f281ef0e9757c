/** Listens on the SSH ports of all containers. */
import { createServer, type Server, type Socket } from 'node:net'
import { reasonOf } from '../domain/errors.ts'

/** Connections that the kernel keeps until they are accepted. */
const BACKLOG = 128

export interface ListenersDeps {
  /** An IP address. */
  readonly host: string
  /** Called with each connection, which is paused. */
  readonly onConnection: (client: Socket, port: number) => void
  /** Called when a port cannot be used. It is tried again with the next call of `follow`. */
  readonly onFailure: (port: number, reason: string) => void
  readonly onListening: (port: number) => void
}

export class Listeners {
  readonly #deps: ListenersDeps
  readonly #servers = new Map<number, Server>()
  readonly #failed = new Set<number>()

  constructor(deps: ListenersDeps) {
    this.#deps = deps
  }

  /** Number of ports that accept connections. */
  get listening(): number {
    return [...this.#servers.values()].filter(({ listening }) => listening).length
  }

  /** Ports that could not be used when they were last tried. */
  get failed(): readonly number[] {
    return [...this.#failed]
  }

  /** Listens on these ports, and on no other ones. Open connections stay open. */
  async follow(ports: ReadonlySet<number>): Promise<void> {
    for (const [port, server] of this.#servers) {
      if (ports.has(port)) continue
      this.#servers.delete(port)
      server.close()
    }
    for (const port of this.#failed) if (!ports.has(port)) this.#failed.delete(port)
    await Promise.all([...ports].map((port) => this.#listen(port)))
  }

  /** Accepts no further connections. */
  close(): void {
    for (const server of this.#servers.values()) server.close()
    this.#servers.clear()
  }

  async #listen(port: number): Promise<void> {
    if (this.#servers.has(port)) return
    const { host, onConnection, onFailure, onListening } = this.#deps
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (client) => onConnection(client, port))
    this.#servers.set(port, server)
    const settled = Promise.withResolvers<void>()
    server.once('listening', () => {
      this.#failed.delete(port)
      onListening(port)
      settled.resolve()
    })
    server.on('error', (error) => {
      if (this.#servers.get(port) === server) {
        this.#servers.delete(port)
        this.#failed.add(port)
      }
      server.close()
      onFailure(port, reasonOf(error))
      settled.resolve()
    })
    server.listen({ host, port, exclusive: true, backlog: BACKLOG })
    await settled.promise
  }
}
