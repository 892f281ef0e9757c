/** Activates reservations that no request is waiting for: from the queue, or after their manager stopped. */
import { isInfrastructureError, reasonOf } from '../../domain/errors.ts'
import { poolOf, type Pools } from '../../domain/pools.ts'
import type { Reservation } from '../../domain/reservation.ts'
import type { ReservationWithContainers } from '../../ports/store.ts'
import { activate, type ActivationDeps, maxPreparationMs } from '../../usecases/activation.ts'
import { reservationKey } from '../work-keys.ts'
import type { BackgroundWork } from './work.ts'

/** Pause before an activation is tried again after the engine did not answer. */
const RESUME_RETRY_MS = 2_000

interface ActivationsDeps extends ActivationDeps {
  readonly pools: Pools
}

/** Takes over the preparation until the given time. null if the reservation has moved on. */
type TakeOver = (prepareBy: number) => Promise<ReservationWithContainers | null>

export class Activations {
  readonly #deps: ActivationsDeps
  readonly #work: BackgroundWork

  constructor(deps: ActivationsDeps, work: BackgroundWork) {
    this.#deps = deps
    this.#work = work
  }

  async start({ id, state }: Reservation, takeOver: TakeOver): Promise<void> {
    if (this.#work.busy.has(reservationKey(id))) return
    const { accounts, clock } = this.#deps
    const reserved = await takeOver(clock() + maxPreparationMs(accounts))
    if (!reserved) return
    // An interrupted preparation may have made accounts in some containers already.
    const isFresh = state === 'waiting'
    this.#work.start([reservationKey(id)], () => this.#activate(reserved, isFresh))
  }

  async #activate(reserved: ReservationWithContainers, isFresh: boolean): Promise<void> {
    const { pools, store, clock, metrics, postponed } = this.#deps
    const { id, prepareBy } = reserved.reservation
    try {
      const pool = poolOf(pools, reserved.reservation)
      const { reservation } = await activate(this.#deps, reserved, pool, isFresh)
      const { waitUntil, activeAt, createdAt } = reservation
      if (waitUntil !== null && activeAt !== null) metrics.observe('queue', activeAt - createdAt)
    } catch (error) {
      if (!isInfrastructureError(error)) {
        const failed = { outcome: 'failed', reason: reasonOf(error), seen: { prepareBy } } as const
        await postponed.write(() => store.end([id], failed, clock()))
        return
      }
      await postponed.write(() => store.takeOverPreparation(id, prepareBy, clock() + RESUME_RETRY_MS))
      throw error
    }
  }
}
