/** Changes the note of a reservation that has not ended. */
import { BerthError } from '../../domain/errors.ts'
import type { Identity } from '../../domain/identity.ts'
import { describeReservation, type Reservation } from '../../domain/reservation.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Store } from '../../ports/store.ts'

interface NoteDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
}

/** See `Reservations.setNote`. The caller has checked that `by` may see the reservation. */
export async function setNote(deps: NoteDeps, id: string, note: string | null, by: Identity): Promise<Reservation> {
  const { store, clock, log } = deps
  const changed = await store.setNote(id, note, by.name, clock())
  if (changed === null) {
    throw new BerthError('not_active', 'the reservation is ending or has ended; its note cannot be changed any more')
  }
  const fields = { reservation: id, username: changed.username, by: by.name }
  log.info(`changed the note of ${describeReservation(changed)}, by ${by.name}`, fields)
  return changed
}
