/**
 * Notices what other managers have written. Each COMMIT records a change, and the latest one is read each second. A
 * notification only makes the next read come sooner, so a lost notification costs at most a second.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { invalidDatabase } from './errors.ts'
import { clientConfig } from './connections.ts'
import type { PostgresAddress } from './address.ts'
import { areSame, type Revision } from '../sql/snapshots.ts'
import { CHANNEL } from './writing/write-lock.ts'

const POLL_INTERVAL_MS = 1_000
/** Interval of checks of the connection that listens, and of attempts to connect again after it was lost. */
const CONNECTION_CHECK_MS = 10_000

export interface FollowerDeps {
  readonly address: PostgresAddress
  /** Returns the latest change, which each COMMIT replaces. */
  readonly revision: () => Promise<Revision>
  /** Sends a notification on the same path as writers. */
  readonly notify: () => Promise<void>
  /** Called after any manager has written. */
  readonly onChange: () => void
}

export class Follower {
  readonly #deps: FollowerDeps
  readonly #closing = new AbortController()
  /** Resolving it ends the pause between two reads. */
  #wake = Promise.withResolvers<void>()
  #client: pg.Client | null = null

  constructor(deps: FollowerDeps) {
    this.#deps = deps
  }

  /** Starts to follow. `invalid_config` when notifications do not arrive, `database_unavailable`. */
  async start(): Promise<void> {
    this.#client = await this.#listen()
    await this.#probe(this.#client)
    void this.#keepListening(this.#client)
    void this.#poll()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#wake.resolve()
    await this.#client?.end().catch(() => {})
  }

  async #poll(): Promise<void> {
    const { revision, onChange } = this.#deps
    let last: Revision | null = null
    while (!this.#closing.signal.aborted) {
      // While the database cannot be reached, nothing is written either.
      const now = await revision().catch(() => last)
      if (last !== null && now !== null && !areSame(now, last)) onChange()
      last = now
      await Promise.race([this.#pause(POLL_INTERVAL_MS), this.#wake.promise])
      this.#wake = Promise.withResolvers()
    }
  }

  /** Connects outside the pool, because a pooler may use a connection for other clients between two transactions. */
  async #listen(): Promise<pg.Client> {
    const { address } = this.#deps
    const client = new pg.Client({ ...clientConfig(address), ...address.listen })
    client.on('error', () => {})
    client.on('notification', () => this.#wake.resolve())
    try {
      await client.connect()
      await client.query(`listen ${CHANNEL}`)
      // Closed while it was connecting: `close` has not seen this connection.
      this.#closing.signal.throwIfAborted()
      return client
    } catch (error) {
      void client.end().catch(() => {})
      throw error
    }
  }

  /** Checks that notifications arrive: a pooler in transaction mode accepts LISTEN, but delivers none. */
  async #probe(client: pg.Client): Promise<void> {
    const { address, notify } = this.#deps
    const heard = once(client, 'notification', { signal: AbortSignal.timeout(address.timeoutMs) })
    await Promise.all([notify(), heard]).catch(async (error: unknown) => {
      await client.end()
      if (!(error instanceof Error && error.name === 'AbortError')) throw error
      const { host, port } = address.listen ?? address
      throw invalidDatabase(`notifications do not arrive through ${host}:${port}`, LISTEN_HINT)
    })
  }

  async #keepListening(first: pg.Client): Promise<void> {
    for (let client: pg.Client | null = first; !this.#closing.signal.aborted; ) {
      await this.#pause(CONNECTION_CHECK_MS)
      if (this.#closing.signal.aborted) return
      try {
        if (client) await client.query('select 1')
        else client = await this.#listen()
        this.#client = client
      } catch {
        void client?.end().catch(() => {})
        client = null
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {})
  }
}

const LISTEN_HINT = 'if that is a connection pooler in transaction mode, name the server itself in postgres.listen'
