/** How the API shows reservations. */
import type { Static } from 'typebox'
import type { ReservationWithContainers } from '../../ports/store.ts'
import { knownHostsLine } from '../../domain/container.ts'
import { type QueuePosition, queuePosition } from '../../domain/queue.ts'
import { dueEnd, stateAt } from '../../domain/reservation.ts'
import { optionalTime, time } from '../time.ts'
import type { ServerContext, ServerSettings } from '../context.ts'
import type { ReservationView } from './schemas.ts'

type View = Static<typeof ReservationView>
type Viewing = Pick<ServerContext, 'store' | 'clock' | 'settings'>

/** Positions in the queue are computed only when a reservation of the page is waiting. */
export async function viewReservations(
  { store, clock, settings }: Viewing,
  page: readonly ReservationWithContainers[],
): Promise<View[]> {
  const now = clock()
  const ssh = settings()
  const snapshot = page.some(({ reservation }) => reservation.state === 'waiting') ? await store.snapshot() : null
  return page.map((held) => viewOne(held, now, ssh, snapshot && queuePosition(snapshot, held.reservation, now)))
}

export async function viewReservation(context: Viewing, held: ReservationWithContainers): Promise<View> {
  const [view] = await viewReservations(context, [held])
  if (!view) throw new Error('one reservation has one view')
  return view
}

function viewOne(
  { reservation, containers }: ReservationWithContainers,
  now: number,
  { sshHost, sshTunnel }: Pick<ServerSettings, 'sshHost' | 'sshTunnel'>,
  position: QueuePosition | null,
): View {
  const { id, pool, owner, username, count, note, name, createdAt, outcome, reason } = reservation
  const { waitUntil, activeAt, expiresAt, aliveUntil, heldAt, endedAt } = reservation
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
    name,
    created_at: time(createdAt),
    wait_until: optionalTime(waitUntil),
    queue: position && {
      position: position.position,
      estimated_start: optionalTime(position.estimatedStart),
      problem: position.problem,
    },
    active_at: optionalTime(activeAt),
    expires_at: optionalTime(expiresAt),
    keepalive_until: optionalTime(aliveUntil),
    held_at: optionalTime(heldAt),
    ended_at: optionalTime(endedAt),
    containers: reservation.holds.map(({ container, accountGeneration }) => {
      const row = rows.get(container)
      // After the end, another tenant's container may run there.
      const theirs = state === 'active' || state === 'preparing'
      const host = (theirs ? row?.host : null) ?? sshHost
      return {
        name: container,
        host,
        port: row?.port ?? null,
        host_key: theirs ? (row?.hostKey ?? null) : null,
        known_hosts: theirs && row ? knownHostsLine(host, row) : null,
        tunnel: sshTunnel,
        generation: theirs ? (row?.generation ?? null) : null,
        ready: state === 'active' && row?.generation === accountGeneration && row.resetAt === null,
      }
    }),
  }
}
