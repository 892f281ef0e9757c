/**
 * Ends access on time while the database does not answer or accepts no writes, according to the rows that were read
 * last. Changes no row: the expiry loop records the end when the database works again.
 */
import type { Container } from '../../domain/container.ts'
import { describeReservation, dueEnd, type Reservation } from '../../domain/reservation.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import type { Log } from '../../ports/log.ts'
import { killAll, type RevocationDeps } from '../../usecases/revocation.ts'
import { reservationKey } from '../work-keys.ts'
import type { BackgroundWork } from './work.ts'

/** Time that the expiry loop has to end a reservation. Longer than a busy database takes to answer. */
const OVERDUE_AFTER_MS = 1_000
/** Interval of checks of the rows. */
const CHECK_INTERVAL_MS = 500

interface OverdueDeps extends Pick<RevocationDeps, 'engine' | 'clock'> {
  readonly log: Log
}

export class OverdueAccess {
  readonly #deps: OverdueDeps
  readonly #work: BackgroundWork
  /** For each reservation whose access was revoked here, the end that was enforced; epoch milliseconds. */
  readonly #revoked = new Map<string, number>()
  /** The rows that were checked last, and when the next reservation in them is overdue. */
  #checked: { readonly snapshot: Snapshot; readonly nextAt: number } | null = null

  constructor(deps: OverdueDeps, work: BackgroundWork) {
    this.#deps = deps
    this.#work = work
  }

  /** Revokes overdue access. Returns when to call it again, in epoch milliseconds. */
  enforce(snapshot: Snapshot): number {
    const now = this.#deps.clock()
    if (this.#checked?.snapshot !== snapshot) this.#forget(snapshot)
    else if (now < this.#checked.nextAt) return now + CHECK_INTERVAL_MS
    let nextAt = Number.POSITIVE_INFINITY
    for (const reservation of snapshot.reservations) {
      const at = overdueAt(reservation)
      if (at === null || this.#revoked.get(reservation.id) === at) continue
      nextAt = Math.min(nextAt, at)
      if (now >= at) this.#revoke(reservation, at, containersOf(reservation, snapshot))
    }
    this.#checked = { snapshot, nextAt }
    return now + CHECK_INTERVAL_MS
  }

  /**
   * Kills the containers, once for each end. If another manager has moved the end in the meantime, the leader starts
   * the containers again, and they must not be killed a second time.
   */
  #revoke(reservation: Reservation, at: number, containers: readonly Container[]): void {
    const { engine, log } = this.#deps
    const { id, username } = reservation
    this.#work.start([reservationKey(id)], async () => {
      log.warn(`access of ${describeReservation({ id, username })} is revoked, but its end is not recorded yet`, {
        reservation: id,
        username,
      })
      await killAll(engine, { reservation, containers })
      this.#revoked.set(id, at)
    })
  }

  #forget({ reservations }: Snapshot): void {
    if (this.#revoked.size === 0) return
    const open = new Set(reservations.map(({ id }) => id))
    for (const id of this.#revoked.keys()) if (!open.has(id)) this.#revoked.delete(id)
  }
}

/** Returns when access is overdue, in epoch milliseconds; null if there is no access, or it is being revoked. */
function overdueAt(reservation: Reservation): number | null {
  const { state, holds } = reservation
  if (state === 'ending' || holds.length === 0) return null
  const due = dueEnd(reservation)
  return due === null ? null : due.at + OVERDUE_AFTER_MS
}

function containersOf({ holds }: Reservation, { containers }: Snapshot): Container[] {
  const names = new Set(holds.map(({ container }) => container))
  return containers.filter(({ name }) => names.has(name))
}
