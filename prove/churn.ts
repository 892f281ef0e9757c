/** Everything that users and admins do with a manager, as fast as the engine can. */
import { get } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import ssh2 from 'ssh2'
import { BerthError } from '../src/domain/errors.ts'
import { ANONYMOUS } from '../src/domain/identity.ts'
import type { Pool } from '../src/domain/pool.ts'
import type { ReservationWithContainers } from '../src/ports/store.ts'
import type { Manager } from '../src/main.ts'

/** How often each was done. */
export type Counts = Record<
  'reserved' | 'released' | 'extended' | 'expired' | 'waited' | 'refused' | 'login' | 'stream' | 'operated',
  number
>

/** Called with each active reservation; a test can plant a leak there. */
export type OnReserved = (held: ReservationWithContainers) => void

const PASSWORD = 'soak'
const LONGEST_WAIT_MS = 20_000

/** Errors with which a busy manager may refuse; any other error is recorded. */
const REFUSALS = ['not_enough', 'conflict', 'not_active', 'cancelled']

/** Two users for each container, an operator, and two clients that follow events, from `start` until `stop`. */
export class Churn {
  readonly counts: Counts = {
    reserved: 0,
    released: 0,
    extended: 0,
    expired: 0,
    waited: 0,
    refused: 0,
    login: 0,
    stream: 0,
    operated: 0,
  }
  /** What went wrong and should not have. */
  readonly errors: string[] = []
  readonly #manager: Manager
  readonly #onReserved: OnReserved
  readonly #pool: Pool
  readonly #stopping = new AbortController()
  #users = 0
  #running: readonly Promise<void>[] = []

  constructor(manager: Manager, onReserved: OnReserved) {
    const [pool] = manager.components.pools.all()
    if (!pool) throw new RangeError('there is no pool')
    this.#manager = manager
    this.#onReserved = onReserved
    this.#pool = pool
  }

  start(): void {
    const users = Array.from({ length: 2 * this.#pool.size }, () => () => this.#reserveAndUse())
    const operator = () => this.#operate()
    const follower = () => this.#follow()
    this.#running = [...users, operator, follower, follower].map((work) => this.#repeat(work))
  }

  /** Resolves when all users have stopped. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#running)
  }

  async #repeat(work: () => Promise<void>): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await work()
      } catch (error) {
        if (error instanceof BerthError && REFUSALS.includes(error.code)) this.counts.refused += 1
        else this.errors.push(error instanceof Error ? error.message : String(error))
        await sleep(50)
      }
    }
  }

  async #reserveAndUse(): Promise<void> {
    const held = await this.#reserve()
    if (!held) return
    this.#onReserved(held)
    await this.#use(held)
  }

  /** Returns null when no container was free. */
  async #reserve(): Promise<ReservationWithContainers | null> {
    const { reservations } = this.#manager
    this.#users += 1
    const durationMs = 1_000 + 2_000 * Math.random()
    const request = { pool: this.#pool, username: `u${this.#users}`, password: PASSWORD, durationMs }
    const key = { key: `key ${this.#users}`, body: 'body', salt: 'salt' }
    const idempotency = { key, digestOf: () => Buffer.alloc(32) }
    const waits = chance(0.5) && { waitMs: LONGEST_WAIT_MS }
    const some = { ...request, ...waits, ...(chance(0.2) && { idempotency }), count: chance(0.2) ? 2 : 1 }
    const held = await reservations.reserve(some, ANONYMOUS)
    if (held.reservation.state !== 'waiting') return held
    this.counts.waited += 1
    for (const deadline = Date.now() + LONGEST_WAIT_MS; Date.now() < deadline; await sleep(50)) {
      const now = await reservations.find(held.reservation.id, ANONYMOUS)
      if (now.reservation.state === 'active') return now
      if (now.reservation.state === 'ended') return null
    }
    return null
  }

  /** Uses the reservation until it is released or has expired. */
  async #use({ reservation, containers }: ReservationWithContainers): Promise<void> {
    const { reservations } = this.#manager
    this.counts.reserved += 1
    const { id, username } = reservation
    const [first] = containers
    if (chance(0.3) && first && (await logIn(first.port, username))) this.counts.login += 1
    if (chance(0.2)) {
      await reservations.extend(id, (end) => end + 1_000, ANONYMOUS)
      this.counts.extended += 1
    }
    if (chance(0.6)) {
      await reservations.release(id, ANONYMOUS)
      this.counts.released += 1
      return
    }
    while ((await reservations.find(id, ANONYMOUS)).reservation.state !== 'ended') await sleep(100)
    this.counts.expired += 1
  }

  /** Recycles or quarantines a ready container, or resizes the pool for a moment. */
  async #operate(): Promise<void> {
    const { admin, components } = this.#manager
    const { containers } = await components.store.snapshot()
    const ready = containers.find((container) => container.state === 'ready')
    const size = components.pools.all()[0]?.size ?? 1
    if (ready && chance(0.4)) await admin.recycle(ready.name, ANONYMOUS)
    else if (ready && chance(0.5)) {
      await admin.quarantine(ready.name, ANONYMOUS)
      await sleep(200)
      await admin.endQuarantine(ready.name, ANONYMOUS)
    } else {
      await admin.resize(this.#pool.name, size > 1 ? size - 1 : size, ANONYMOUS)
      await sleep(500)
      await admin.resize(this.#pool.name, null, ANONYMOUS)
    }
    this.counts.operated += 1
    await sleep(1_500)
  }

  /** Follows the events for a while, and hangs up. */
  async #follow(): Promise<void> {
    const { address } = this.#manager
    const over = new AbortController()
    const stream = get(`${address}/v1/events`, {
      agent: false,
      signal: over.signal,
      headers: { accept: 'text/event-stream' },
    })
    stream.on('response', (response) => response.resume().on('error', () => undefined)).on('error', () => undefined)
    await sleep(300 + 700 * Math.random())
    over.abort()
    for (const path of ['/v1/reservations', '/v1/usage', '/metrics', '/readyz']) await read(address + path)
    this.counts.stream += 1
  }
}

function chance(of: number): boolean {
  return Math.random() < of
}

/** Returns false when the time was over before the login succeeded. */
async function logIn(port: number, username: string): Promise<boolean> {
  const client = new ssh2.Client()
  const over = Promise.withResolvers<boolean>()
  client.once('ready', () => over.resolve(true)).on('error', () => over.resolve(false))
  client.connect({ sock: connect({ host: '127.0.0.1', port }), username, password: PASSWORD, readyTimeout: 5_000 })
  const is = await over.promise
  client.destroy()
  return is
}

async function read(url: string): Promise<void> {
  const done = Promise.withResolvers<void>()
  get(url, { agent: false }, (response) => response.resume().on('end', done.resolve)).on('error', done.reject)
  await done.promise
}
