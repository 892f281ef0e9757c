/**
 * Records the answers that the users of a simulation received. Reports a container that was lent to two of them, and at
 * the end compares all answers with the rows.
 */
import type { ReservationWithContainers, Store } from '../../src/ports/store.ts'

/** What a user sees of a reservation. */
export interface SeenReservation {
  readonly id: string
  readonly state: string
  readonly expires_at: string | null
  readonly keepalive_until: string | null
  readonly containers: readonly { readonly name: string; readonly generation: number | null }[]
}

/** Maximum time between the moment at which a reservation is due to end and its end. */
const MAX_LATENESS_MS = 1_000
const PAGE_SIZE = 500

export class Ledger {
  /** Ids of reservations that were granted or queued. */
  readonly #answered = new Set<string>()
  readonly #released = new Set<string>()
  /** Reservation by container and generation: a generation is lent once. */
  readonly #lent = new Map<string, string>()
  readonly #problems: string[] = []

  /** Number of reservations that were granted or queued. */
  get reservations(): number {
    return this.#answered.size
  }

  /** Records an answer. */
  saw({ id, state, containers }: SeenReservation): void {
    this.#answered.add(id)
    if (state === 'active') for (const { name, generation } of containers) this.#lend(`${name} ${generation}`, id)
  }

  /** Records that a release was answered. */
  released(id: string): void {
    this.#released.add(id)
  }

  /** Returns what is wrong; empty if nothing is. `now` is epoch milliseconds. */
  async check(store: Store, now: number): Promise<string[]> {
    const missing = new Set(this.#answered)
    for await (const { reservation } of allReservations(store)) {
      const { id, state, outcome, holds, endedAt, expiresAt, aliveUntil } = reservation
      missing.delete(id)
      for (const { container, accountGeneration } of holds) {
        if (accountGeneration !== null) this.#lend(`${container} ${accountGeneration}`, id)
      }
      if (this.#released.has(id) && state !== 'ended') this.#problems.push(`${id} was released and is ${state}`)
      const due = outcome === 'abandoned' ? aliveUntil : expiresAt
      const isByItself = outcome === null || outcome === 'expired' || outcome === 'abandoned'
      const lateness = isByItself && due !== null ? (endedAt ?? now) - due : 0
      if (lateness > MAX_LATENESS_MS) this.#problems.push(`${id} ended ${lateness} ms late`)
    }
    for (const id of missing) this.#problems.push(`${id} was answered and is lost`)
    return this.#problems
  }

  #lend(generation: string, id: string): void {
    const holder = this.#lent.get(generation) ?? id
    if (holder !== id) this.#problems.push(`${generation} was lent to ${holder} and to ${id}`)
    this.#lent.set(generation, holder)
  }
}

async function* allReservations(store: Store): AsyncGenerator<ReservationWithContainers> {
  let page = await store.reservations({ limit: PAGE_SIZE })
  for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
    yield* page
    const { createdAt, id } = last.reservation
    page = await store.reservations({ limit: PAGE_SIZE, after: { createdAt, id } })
  }
}
