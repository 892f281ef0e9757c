/** Clients that reserve and release at several managers until they are stopped, and record the answers. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestManager } from '../../../lab/manager.ts'

/** A reservation that was answered with 201. */
export interface Answered {
  readonly id: string
  readonly username: string
  readonly containers: readonly string[]
  /** Whether its release was answered. */
  released: boolean
}

/** An answer other than what was requested. */
interface Refusal {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly retryAfter: string | null
  readonly tookMs: number
}

export interface Load {
  readonly answered: readonly Answered[]
  readonly refusals: readonly Refusal[]
  /** Number of requests without an answer. */
  readonly lost: number
  /** Resolves when another reservation has been answered; rejects after half a minute. */
  untilServed(): Promise<void>
  /** Resolves when each client has finished what it was doing; rejects after half a minute. */
  stop(): Promise<void>
}

interface Options {
  /** Begins the names of its users. */
  readonly group: string
  readonly clients: number
  /** Time to wait in the queue; without it, a request is refused when no container is free. */
  readonly wait?: string
  /** Called while the reservation is held. Returns whether the client must release it. */
  readonly whileHeld?: (reservation: Answered) => Promise<boolean>
}

/** Pause before a request is repeated, at the next manager, and before a refused client asks again. */
const PAUSE_MS = 200

/** Maximum time in which a request must be served, and the clients must finish. */
const MAX_FINISH_MS = 30_000

export function startLoad(managers: readonly TestManager[], options: Options): Load {
  const { group, clients, wait, whileHeld = async () => sleep(100, true) } = options
  const answered: Answered[] = []
  const refusals: Refusal[] = []
  let lost = 0
  const stopping = new AbortController()
  /** Time after which requests are not repeated. */
  let deadline = Number.POSITIVE_INFINITY
  let anotherServed = Promise.withResolvers<void>()

  /** Repeats a request at the next manager while there is no answer, or 503. Returns null after another refusal. */
  async function request(first: number, method: string, path: string, body?: object): Promise<Reservation | null> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() }
    for (let nth = first; ; nth += 1) {
      const began = performance.now()
      const to = managers[nth % managers.length]?.url ?? ''
      const answer = await fetch(to + path, { method, ...(body && { headers, body: JSON.stringify(body) }) })
        .then(async (response) => ({ response, told: (await response.json()) as Reservation & Problem }))
        .catch(() => null)
      if (answer?.response.ok) return answer.told
      if (answer === null) lost += 1
      else {
        const { status } = answer.response
        const { code, detail } = answer.told
        const retryAfter = answer.response.headers.get('retry-after')
        refusals.push({ status, code, detail, retryAfter, tookMs: performance.now() - began })
        if (status !== 503) return null
      }
      if (performance.now() > deadline) throw new Error(`${method} ${path}: ${JSON.stringify(refusals.at(-1))}`)
      await sleep(PAUSE_MS)
    }
  }

  /** Waits in the queue. Returns null if the reservation was not served in time. */
  async function untilActive(made: Reservation, first: number): Promise<Reservation | null> {
    let latest: Reservation | null = made
    for (let nth = first; latest !== null && ['waiting', 'preparing'].includes(latest.state); nth += 1) {
      await sleep(PAUSE_MS)
      latest = await request(nth, 'GET', `/v1/reservations/${made.id}`)
    }
    return latest?.state === 'active' ? latest : null
  }

  async function run(client: number): Promise<void> {
    for (let round = 1; !stopping.signal.aborted; round += 1) {
      const username = `${group}-${client}-${round}`
      const body = { username, duration: '10m', ...(wait !== undefined && { wait }) }
      const made = await request(client + round, 'POST', '/v1/reservations', body)
      const served = made && (await untilActive(made, client + round))
      if (served === null) {
        await sleep(PAUSE_MS)
        continue
      }
      const { id, containers } = served
      const reservation: Answered = { id, username, containers: containers.map(({ name }) => name), released: false }
      answered.push(reservation)
      anotherServed.resolve()
      anotherServed = Promise.withResolvers()
      if (!(await whileHeld(reservation))) continue
      reservation.released = (await request(client + round, 'DELETE', `/v1/reservations/${id}`)) !== null
    }
  }

  const running = Array.from({ length: clients }, (_, client) => run(client))
  return {
    answered,
    refusals,
    get lost() {
      return lost
    },
    untilServed: () => Promise.race([anotherServed.promise, tooLate()]),
    async stop() {
      stopping.abort()
      deadline = Math.min(deadline, performance.now() + MAX_FINISH_MS)
      await Promise.all(running)
    },
  }
}

async function tooLate(): Promise<never> {
  await sleep(MAX_FINISH_MS, undefined, { ref: false })
  throw new Error('no request is served')
}

/** Asserts that everything answered is in the database, and that no request was carried out twice. */
export function assertKept({ answered }: Load, rows: readonly Row[]): void {
  const byId = new Map(rows.map((row) => [row.id, row]))
  for (const { id, username, released } of answered) {
    const row = byId.get(id)
    assert.equal(row?.username, username, `${username} was answered, and is not there`)
    assert.ok(!released || row.state === 'ended' || row.state === 'ending', `released: ${JSON.stringify(row)}`)
    assert.ok(released || row.state === 'active' || row.outcome === 'expired', `not released: ${JSON.stringify(row)}`)
  }
  // After a failed preparation, a repeated request makes another reservation.
  const served = rows.filter(({ outcome }) => outcome !== 'failed').map(({ username }) => username)
  assert.equal(new Set(served).size, served.length, 'a request was carried out twice')
}

export const ROWS = 'select id, username, state, outcome from reservations'

/** A row of `ROWS`. */
export interface Row {
  readonly id: string
  readonly username: string
  readonly state: string
  readonly outcome: string | null
}

interface Reservation {
  readonly id: string
  readonly state: string
  readonly containers: readonly { readonly name: string }[]
}

interface Problem {
  readonly code: string
  readonly detail: string
}
