/** Which reservations to notify that their end is near or was moved. */
import type { Action, PlanInput } from './actions.ts'
import { targetOf } from '../../domain/container.ts'
import { dueNotification } from '../../domain/session/notification.ts'
import type { Observed } from '../../ports/engine.ts'
import { containerKey, notificationKey } from '../work-keys.ts'
import { heldRows, observedOf } from './rows.ts'

/** A container that is down is notified when it is up again: no tenant is in it until then. */
export function planNotifications({ snapshot, busy }: PlanInput, observed: readonly Observed[], now: number): Action[] {
  const due = snapshot.reservations.flatMap((reservation) => {
    const notification = dueNotification(reservation, now)
    return notification && !busy.has(notificationKey(reservation.id)) ? [{ reservation, notification }] : []
  })
  const rows = heldRows(
    snapshot,
    due.map(({ reservation }) => reservation),
  )
  const listed = observedOf(rows, observed)
  return due.flatMap(({ reservation, notification }): Action[] => {
    const containers = reservation.holds.flatMap(({ container, accountGeneration }) => {
      const row = rows.get(container)
      if (row?.generation !== accountGeneration || busy.has(containerKey(container))) return []
      return listed.get(targetOf(row).id)?.state === 'running' ? [row] : []
    })
    return containers.length > 0 ? [{ type: 'notify', reservation, notification, containers }] : []
  })
}
