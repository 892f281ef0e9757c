/** Which reservations to notify that their end is near or was moved. */
import type { Action, PlanInput } from './actions.ts'
import { targetOf } from '../../domain/container.ts'
import { dueNotification } from '../../domain/session/notification.ts'
import type { Observed } from '../../ports/engine.ts'
import { containerKey, notificationKey } from '../work-keys.ts'

/** A container that is down is notified when it is up again: no tenant is in it until then. */
export function planNotifications({ snapshot, busy }: PlanInput, observed: readonly Observed[], now: number): Action[] {
  const rows = new Map(snapshot.containers.map((c) => [c.name, c]))
  const running = new Set(observed.filter((o) => o.state === 'running').map((o) => o.id))
  return snapshot.reservations.flatMap((reservation): Action[] => {
    const notification = dueNotification(reservation, now)
    if (!notification || busy.has(notificationKey(reservation.id))) return []
    const containers = reservation.holds.flatMap(({ container, accountGeneration }) => {
      const row = rows.get(container)
      if (row?.generation !== accountGeneration || busy.has(containerKey(container))) return []
      return running.has(targetOf(row).id) ? [row] : []
    })
    return containers.length > 0 ? [{ type: 'notify', reservation, notification, containers }] : []
  })
}
