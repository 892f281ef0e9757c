/**
 * The manager's side of the relays: the processes in lent containers that pass requests of the session commands to the
 * container's stdout (images/entrypoint). The manager attaches, reads, and never writes: the tenant may be root.
 */
import type { Duplex } from 'node:stream'
import { Allowance } from '../../domain/allowance.ts'
import { createLimit } from '../../domain/concurrency.ts'
import type { GuestLines } from '../../ports/guest.ts'
import type { Timers } from '../timers.ts'
import { hasRelay } from './agent.ts'
import type { GuestHost } from './guest-host.ts'
import { LineReader } from './line-reader.ts'

/** Maximum number of connections that one call opens. After a restart of the manager, later ticks open the rest. */
const MAX_CONNECTS = 64
/** Maximum number of connections that are opened at once, so that more urgent requests to the engine do not wait. */
const CONCURRENT_CONNECTS = 2
/**
 * Bytes that a container may write to its stdout. Beyond them the connection is closed, and the engine drops the rest.
 * A paused stream would block every program that writes to the console.
 */
const ALLOWED_BYTES = { capacity: 64 * 1024, perSecond: 4 * 1024 }
/** Pause before a closed or lost connection is opened again. Doubles each time, unless the connection lasted. */
const MIN_RETRY_MS = 1_000
const MAX_RETRY_MS = 300_000
/** A connection that lasted longer than this was not lost because of its tenant. */
const LASTING_MS = 60_000

interface Connection {
  socket: Duplex | null
  isConnecting: boolean
  /** On the clock of `Timers.now`. */
  retryAt: number
  pauseMs: number
}

export interface RelayOptions {
  readonly connectMs: number
  readonly timers: Timers
}

/** The relays in the containers of one engine. */
export class RelayConnections implements GuestLines {
  readonly #host: GuestHost
  readonly #options: RelayOptions
  readonly #limit = createLimit(CONCURRENT_CONNECTS)
  readonly #connections = new Map<string, Connection>()
  /** Ids of containers whose image has a relay, from the last listing. */
  #known: ReadonlySet<string> = new Set()
  #onLine: (id: string, line: string) => void = () => undefined

  constructor(host: GuestHost, options: RelayOptions) {
    this.#host = host
    this.#options = options
  }

  /**
   * Records which containers have a relay: versions of the agent's protocol by id, from a listing of all containers.
   */
  update(versions: ReadonlyMap<string, string>): void {
    this.#known = new Set([...versions].filter(([, version]) => hasRelay(version)).map(([id]) => id))
  }

  async hasRelay(id: string): Promise<boolean> {
    if (this.#known.has(id)) return true
    const version = await this.#host.run(`inspect ${this.#host.nameOf(id)}`, this.#options.connectMs, (signal) =>
      this.#host.agentVersion(id, signal),
    )
    return hasRelay(version)
  }

  listen(ids: readonly string[], onLine: (id: string, line: string) => void): void {
    this.#onLine = onLine
    const wanted = new Set(ids.filter((id) => this.#known.has(id)))
    for (const [id, { socket }] of this.#connections) {
      if (wanted.has(id)) continue
      this.#connections.delete(id)
      socket?.destroy()
    }
    const now = this.#options.timers.now()
    let opened = 0
    for (const id of wanted) {
      const connection = this.#connections.get(id) ?? newConnection()
      this.#connections.set(id, connection)
      if (connection.socket !== null || connection.isConnecting || connection.retryAt > now) continue
      if (opened === MAX_CONNECTS) return
      opened += 1
      connection.isConnecting = true
      void this.#limit(() => this.#connect(id, connection))
    }
  }

  close(): void {
    for (const { socket } of this.#connections.values()) socket?.destroy()
    this.#connections.clear()
  }

  async #connect(id: string, connection: Connection): Promise<void> {
    try {
      if (!this.#isWanted(id, connection)) return
      const socket = await this.#host.run(`attach to ${this.#host.nameOf(id)}`, this.#options.connectMs, (signal) =>
        this.#host.attach(id, signal),
      )
      if (this.#isWanted(id, connection)) this.#follow(id, connection, socket)
      else socket.destroy()
    } catch {
      this.#postpone(connection)
    } finally {
      connection.isConnecting = false
    }
  }

  #follow(id: string, connection: Connection, socket: Duplex): void {
    const { timers } = this.#options
    const since = timers.now()
    const reader = new LineReader()
    const allowance = new Allowance(ALLOWED_BYTES, since)
    connection.socket = socket
    socket.once('error', () => socket.destroy())
    socket.once('end', () => socket.destroy())
    socket.once('close', () => {
      connection.socket = null
      if (timers.now() - since > LASTING_MS) connection.pauseMs = MIN_RETRY_MS
      this.#postpone(connection)
    })
    socket.on('data', (chunk: Buffer) => {
      if (!allowance.take(chunk.length, timers.now())) return void socket.destroy()
      for (const line of reader.read(chunk)) this.#onLine(id, line)
    })
  }

  #isWanted(id: string, connection: Connection): boolean {
    return this.#connections.get(id) === connection
  }

  #postpone(connection: Connection): void {
    connection.retryAt = this.#options.timers.now() + connection.pauseMs
    connection.pauseMs = Math.min(2 * connection.pauseMs, MAX_RETRY_MS)
  }
}

function newConnection(): Connection {
  return { socket: null, isConnecting: false, retryAt: 0, pauseMs: MIN_RETRY_MS }
}
