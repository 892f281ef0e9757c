/** How rows look from outside. */
import type { Static } from 'typebox'
import type { Held } from '../core/store.ts'
import { type QueuePlace, queuePlace } from '../core/queue.ts'
import { dueEnd, stateAt } from '../core/reservation.ts'
import type { ServerContext } from './context.ts'
import type { ReservationView } from './schemas.ts'

type View = Static<typeof ReservationView>
type Viewing = Pick<ServerContext, 'store' | 'clock' | 'sshHost'>

/** The places in the queue are looked up only where somebody waits. */
export async function viewReservations({ store, clock, sshHost }: Viewing, page: readonly Held[]): Promise<View[]> {
  const now = clock()
  const snapshot = page.some(({ reservation }) => reservation.state === 'waiting') ? await store.snapshot() : null
  return page.map((held) => viewOne(held, now, sshHost, snapshot && queuePlace(snapshot, held.reservation, now)))
}

export async function viewReservation(context: Viewing, held: Held): Promise<View> {
  const [view] = await viewReservations(context, [held])
  if (!view) throw new Error('one reservation has one view')
  return view
}

function viewOne({ reservation, containers }: Held, now: number, host: string, place: QueuePlace | null): View {
  const { id, pool, owner, username, count, note, createdAt, outcome, reason } = reservation
  const { waitUntil, activeAt, expiresAt, aliveUntil, endedAt } = reservation
  const state = stateAt(reservation, now)
  const rows = new Map(containers.map((row) => [row.name, row]))
  return {
    id,
    state,
    outcome: state === 'ending' ? (outcome ?? dueEnd(reservation)?.outcome ?? null) : outcome,
    reason,
    pool,
    owner,
    username,
    count,
    note,
    created_at: time(createdAt),
    wait_until: optionalTime(waitUntil),
    queue: place && { position: place.position, estimated_start: optionalTime(place.estimatedStart) },
    active_at: optionalTime(activeAt),
    expires_at: optionalTime(expiresAt),
    keepalive_until: optionalTime(aliveUntil),
    ended_at: optionalTime(endedAt),
    containers: reservation.holds.map(({ container }) => {
      const row = rows.get(container)
      // After the end, what runs there is somebody else's.
      const theirs = state === 'active' || state === 'preparing'
      return { name: container, host, port: row?.port ?? null, host_key: theirs ? (row?.hostKey ?? null) : null }
    }),
  }
}

export function time(epochMs: number): string {
  return new Date(epochMs).toISOString()
}

export function optionalTime(epochMs: number | null): string | null {
  return epochMs === null ? null : time(epochMs)
}
