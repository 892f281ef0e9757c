/** Everything that users and admins do with a manager, as fast as the engine can. */
import { get } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import ssh2 from 'ssh2'
import { BerthError } from '../src/domain/errors.ts'
import { ANONYMOUS } from '../src/domain/identity.ts'
import type { ReservationWithContainers } from '../src/ports/store.ts'
import type { Manager } from '../src/main.ts'

/** How often each was done. */
export type Counts = Record<
  'reserved' | 'released' | 'extended' | 'expired' | 'waited' | 'refused' | 'login' | 'stream' | 'operated',
  number
>

export interface Churn {
  readonly counts: Counts
  /** What went wrong and should not have. */
  readonly errors: string[]
  /** Resolves when all users have stopped. */
  stop(): Promise<void>
}

/** Called with each active reservation; a test can plant a leak there. */
export type OnReserved = (held: ReservationWithContainers) => void

const PASSWORD = 'soak'
const LONGEST_WAIT = 20_000

export function startChurn(manager: Manager, onReserved: OnReserved): Churn {
  const { reservations, admin, components } = manager
  const [pool] = components.pools.all()
  if (!pool) throw new RangeError('there is no pool')
  const counts: Counts = {
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
  const errors: string[] = []
  const stopping = new AbortController()
  let users = 0

  /** Returns null when no container was free. */
  async function reserve(): Promise<ReservationWithContainers | null> {
    users += 1
    const request = { pool, username: `u${users}`, password: PASSWORD, durationMs: 1_000 + 2_000 * Math.random() }
    const key = { key: `key ${users}`, body: 'body', salt: 'salt' }
    const idempotency = { key, digestOf: () => Buffer.alloc(32) }
    const waits = chance(0.5) && { waitMs: LONGEST_WAIT }
    const some = { ...request, ...waits, ...(chance(0.2) && { idempotency }), count: chance(0.2) ? 2 : 1 }
    const held = await reservations.reserve({ ...some, pool: pool as NonNullable<typeof pool> }, ANONYMOUS)
    if (held.reservation.state !== 'waiting') return held
    counts.waited += 1
    for (const deadline = Date.now() + LONGEST_WAIT; Date.now() < deadline; await sleep(50)) {
      const now = await reservations.find(held.reservation.id, ANONYMOUS)
      if (now.reservation.state === 'active') return now
      if (now.reservation.state === 'ended') return null
    }
    return null
  }

  async function use({ reservation, containers }: ReservationWithContainers): Promise<void> {
    counts.reserved += 1
    const { id, username } = reservation
    const [first] = containers
    if (chance(0.3) && first && (await logIn(first.port, username))) counts.login += 1
    if (chance(0.2)) {
      await reservations.extend(id, (end) => end + 1_000, ANONYMOUS)
      counts.extended += 1
    }
    if (chance(0.6)) {
      await reservations.release(id, ANONYMOUS)
      counts.released += 1
      return
    }
    while ((await reservations.find(id, ANONYMOUS)).reservation.state !== 'ended') await sleep(100)
    counts.expired += 1
  }

  async function user(): Promise<void> {
    const held = await reserve()
    if (!held) return
    onReserved(held)
    await use(held)
  }

  async function operator(): Promise<void> {
    const { containers } = await components.store.snapshot()
    const ready = containers.find((container) => container.state === 'ready')
    const size = components.pools.all()[0]?.size ?? 1
    if (ready && chance(0.4)) await admin.recycle(ready.name, ANONYMOUS)
    else if (ready && chance(0.5)) {
      await admin.quarantine(ready.name, ANONYMOUS)
      await sleep(200)
      await admin.endQuarantine(ready.name, ANONYMOUS)
    } else {
      await admin.resize(pool?.name ?? '', size > 1 ? size - 1 : size, ANONYMOUS)
      await sleep(500)
      await admin.resize(pool?.name ?? '', null, ANONYMOUS)
    }
    counts.operated += 1
    await sleep(1_500)
  }

  /** Follows the events for a while, and hangs up. */
  async function follower(): Promise<void> {
    const over = new AbortController()
    const stream = get(`${manager.address}/v1/events`, {
      agent: false,
      signal: over.signal,
      headers: { accept: 'text/event-stream' },
    })
    stream.on('response', (response) => response.resume().on('error', () => undefined)).on('error', () => undefined)
    await sleep(300 + 700 * Math.random())
    over.abort()
    for (const path of ['/v1/reservations', '/v1/usage', '/metrics', '/readyz']) await read(manager.address + path)
    counts.stream += 1
  }

  async function repeat(work: () => Promise<void>): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await work()
      } catch (error) {
        // Refusals are expected; any other error is not.
        const refusals = ['not_enough', 'conflict', 'not_active', 'cancelled']
        if (error instanceof BerthError && refusals.includes(error.code)) counts.refused += 1
        else errors.push(error instanceof Error ? error.message : String(error))
        await sleep(50)
      }
    }
  }

  const all = [...Array.from({ length: 2 * pool.size }, () => user), operator, follower, follower].map(repeat)
  return {
    counts,
    errors,
    async stop() {
      stopping.abort()
      await Promise.all(all)
    },
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
