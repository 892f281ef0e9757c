/** Ends reservations and revokes their access. */
import { describeReservation, isDue, type Reservation } from '../../domain/reservation.ts'
import type { Log } from '../../ports/log.ts'
import type { Store } from '../../ports/store.ts'
import { countUnserved, killAll, type RevocationDeps, revoke } from '../../usecases/revocation.ts'
import type { EndAction } from '../plan/actions.ts'
import { reservationKey } from '../work-keys.ts'
import type { BackgroundWork } from './work.ts'

interface EndingsDeps extends RevocationDeps {
  readonly store: Store
  readonly log: Log
}

export class Endings {
  readonly #deps: EndingsDeps
  readonly #work: BackgroundWork

  constructor(deps: EndingsDeps, work: BackgroundWork) {
    this.#deps = deps
    this.#work = work
  }

  async carryOut(action: EndAction): Promise<void> {
    if (action.type === 'end') return this.#end(action)
    this.#work.start([reservationKey(action.reservation.id)], () => revoke(this.#deps, action))
  }

  async #end({ reservation, outcome, reason }: Extract<EndAction, { type: 'end' }>): Promise<void> {
    const { store, clock, log } = this.#deps
    const { id, username, state, expiresAt, aliveUntil, prepareBy } = reservation
    const key = reservationKey(id)
    // The plan is older than this moment: the end may have been moved since.
    const seen = { state, expiresAt, aliveUntil, prepareBy }
    const ending = { outcome, seen, ...(reason !== undefined && { reason }) }
    const now = clock()
    const ended = await store.end([id], ending, now).catch((error: unknown) => {
      if (isDue(reservation, clock())) this.#work.start([key], () => this.#killOverdue(reservation))
      throw error
    })
    if (state === 'waiting') await countUnserved(this.#deps, id, now)
    // If another pass has ended it, that one revokes the access. A waiting reservation has no access.
    const isOurs = ended.length > 0 && !this.#work.busy.has(key)
    if (!isOurs && state !== 'waiting') return
    log.info(`reservation of ${describeReservation(reservation)} ${outcome}`, {
      reservation: id,
      username,
      outcome,
      reason,
    })
    for (const one of ended) this.#work.start([key], () => revoke(this.#deps, one))
  }

  /** Ends access in time although the end cannot be recorded. Changes no row. */
  async #killOverdue({ id, username }: Reservation): Promise<void> {
    const { store, engine, clock, log } = this.#deps
    const reserved = await store.reservationWithContainers(id)
    if (reserved && !isDue(reserved.reservation, clock())) return
    log.warn(`access of ${describeReservation({ id, username })} is revoked, but its end could not be recorded`, {
      reservation: id,
      username,
    })
    if (reserved) await killAll(engine, reserved)
  }
}
