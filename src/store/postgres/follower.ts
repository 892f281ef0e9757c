/**
 * Hears of what other managers have written. The latest change, read each second, is the truth: each COMMIT records
 * one. A notification only makes the next look sooner, so a lost one costs a second.
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
/** How often the connection is asked for a sign of life, and how long a new one is waited for after it was lost. */
const HEARTBEAT_MS = 10_000

export interface FollowerDeps {
  readonly address: PostgresAddress
  /** Returns the latest change, which each COMMIT replaces. */
  readonly revision: () => Promise<Revision>
  /** Sends a notification the way that writers do. */
  readonly notify: () => Promise<void>
  /** Called when something was written, by any manager. */
  readonly onChange: () => void
}

export class Follower {
  readonly #deps: FollowerDeps
  readonly #closing = new AbortController()
  /** Ends the pause between two looks. */
  #wake = Promise.withResolvers<void>()
  #client: pg.Client | null = null

  constructor(deps: FollowerDeps) {
    this.#deps = deps
  }

  /** Begins to follow. `invalid_config` when notifications do not get through, `database_unavailable`. */
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

  /** Connects outside the pool, because a pooler may give a connection to others between two transactions. */
  async #listen(): Promise<pg.Client> {
    const { address } = this.#deps
    const client = new pg.Client({ ...clientConfig(address), ...address.listen })
    client.on('error', () => {})
    client.on('notification', () => this.#wake.resolve())
    await client.connect()
    await client.query(`listen ${CHANNEL}`)
    return client
  }

  /** A pooler in transaction mode accepts LISTEN and delivers nothing. */
  async #probe(client: pg.Client): Promise<void> {
    const { address, notify } = this.#deps
    const heard = once(client, 'notification', { signal: AbortSignal.timeout(address.timeoutMs) })
    await Promise.all([notify(), heard]).catch(async (error: unknown) => {
      await client.end()
      if (!(error instanceof Error && error.name === 'AbortError')) throw error
      const { host, port } = address.listen ?? address
      throw invalidDatabase(`notifications do not get through ${host}:${port}`, LISTEN_HINT)
    })
  }

  async #keepListening(first: pg.Client): Promise<void> {
    for (let client: pg.Client | null = first; !this.#closing.signal.aborted; ) {
      await this.#pause(HEARTBEAT_MS)
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

const LISTEN_HINT = 'if that is a pooler in transaction mode, name the server itself in postgres.listen'
