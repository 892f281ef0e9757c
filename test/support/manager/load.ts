/** Clients that reserve and release at several managers until they are stopped, and remember what they were answered. */
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
export interface Refusal {
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
  /** Resolves when another reservation has been answered. */
  untilServed(): Promise<void>
  /** Resolves when each client has finished what it was doing; rejects after half a minute. */
  stop(): Promise<void>
}

interface Options {
  readonly clients: number
  /** Called while the reservation is held. Returns whether the client is to release it. */
  readonly whileHeld?: (reservation: Answered) => Promise<boolean>
}

/** Pause before a request is repeated, at the next manager, and before a refused client asks again. */
const PAUSE_MS = 200

/** Maximum time in which the clients must finish. */
const MAX_FINISH_MS = 30_000

export function startLoad(managers: readonly TestManager[], options: Options): Load {
  const { clients, whileHeld = async () => sleep(100, true) } = options
  const answered: Answered[] = []
  const refusals: Refusal[] = []
  let lost = 0
  let isStopped = false
  /** When requests are given up. */
  let deadline = Number.POSITIVE_INFINITY
  let served = Promise.withResolvers<void>()

  /** Repeats a request at the next manager as long as it gets no answer, or 503. Null: there was another answer. */
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

  async function run(client: number): Promise<void> {
    for (let round = 1; !isStopped; round += 1) {
      const username = `u${client}-${round}`
      const made = await request(client + round, 'POST', '/v1/reservations', { username, duration: '10m' })
      if (made === null) {
        await sleep(PAUSE_MS)
        continue
      }
      const { id, containers } = made
      const reservation: Answered = { id, username, containers: containers.map(({ name }) => name), released: false }
      answered.push(reservation)
      served.resolve()
      served = Promise.withResolvers()
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
    untilServed: () => served.promise,
    async stop() {
      isStopped = true
      deadline = Math.min(deadline, performance.now() + MAX_FINISH_MS)
      await Promise.all(running)
    },
  }
}

interface Reservation {
  readonly id: string
  readonly containers: readonly { readonly name: string }[]
}

interface Problem {
  readonly code: string
  readonly detail: string
}
