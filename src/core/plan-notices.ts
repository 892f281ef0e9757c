/** Whom to tell that the end comes near, or was moved. */
import type { Action, Situation } from './actions.ts'
import { dueNotice } from './notices.ts'
import type { Observed } from './ports.ts'

/** Under which a telling is known to be under way; not the reservation's id alone, as cutting access must not wait for it. */
export function tellingKey(id: string): string {
  return `tell ${id}`
}

/** Containers that are down are told when they are back: nobody is in there to hear it. */
export function planNotices({ snapshot, busy }: Situation, observed: readonly Observed[], now: number): Action[] {
  const rows = new Map(snapshot.containers.map((c) => [c.name, c]))
  const running = new Set(observed.filter((o) => o.state === 'running').map((o) => o.id))
  return snapshot.reservations.flatMap((reservation): Action[] => {
    const notice = dueNotice(reservation, now)
    if (!notice || busy.has(tellingKey(reservation.id))) return []
    const containers = reservation.holds.flatMap(({ container, opened }) => {
      const row = rows.get(container)
      const isUp = row?.generation === opened && running.has(row?.engineId ?? '') && !busy.has(container)
      return row && isUp ? [row] : []
    })
    return containers.length > 0 ? [{ do: 'tell', reservation, notice, containers }] : []
  })
}
