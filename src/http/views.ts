/** How rows look from outside. */
import type { Static } from 'typebox'
import type { Held } from '../core/ports.ts'
import { dueEnd, stateAt } from '../core/reservation.ts'
import type { ReservationView } from './schemas.ts'

export function viewReservation(
  { reservation, containers }: Held,
  now: number,
  host: string,
): Static<typeof ReservationView> {
  const { id, pool, username, note, createdAt, activeAt, expiresAt, aliveUntil, endedAt, outcome } = reservation
  const state = stateAt(reservation, now)
  const rows = new Map(containers.map((row) => [row.name, row]))
  return {
    id,
    state,
    outcome: state === 'ending' ? (outcome ?? dueEnd(reservation)?.outcome ?? null) : outcome,
    pool,
    username,
    note,
    created_at: time(createdAt),
    active_at: activeAt === null ? null : time(activeAt),
    expires_at: expiresAt === null ? null : time(expiresAt),
    keepalive_until: aliveUntil === null ? null : time(aliveUntil),
    ended_at: endedAt === null ? null : time(endedAt),
    containers: reservation.holds.map(({ container }) => {
      const row = rows.get(container)
      // After the end, what runs there is somebody else's.
      const theirs = state === 'active' || state === 'preparing'
      return { name: container, host, port: row?.port ?? null, host_key: theirs ? (row?.hostKey ?? null) : null }
    }),
  }
}

function time(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
