import { nextNotificationAt } from './session/notification.ts'
import { dueEnd, type Reservation } from './reservation.ts'

/** Returns when a reservation that is not ending needs work even if nothing happens, in epoch milliseconds. */
export function nextWorkAt(reservation: Reservation, now: number): number {
  const due = dueEnd(reservation)?.at ?? Number.POSITIVE_INFINITY
  // The notifier retries a failed notification after a pause of its own.
  return Math.min(due, reservation.state === 'preparing' ? reservation.prepareBy : nextNotificationAt(reservation, now))
}
