import { waitingFor } from '../../domain/queue.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import type { Action } from './actions.ts'

/** Serves the queue of each pool in order: a reservation that needs more containers holds up those behind it. */
export function planQueue(snapshot: Snapshot, now: number): Action[] {
  const pools = new Set(snapshot.reservations.filter((r) => r.state === 'waiting').map((r) => r.pool))
  return [...pools].flatMap((pool) => {
    let free = snapshot.containers.filter((c) => c.pool === pool && c.state === 'ready').length
    const actions: Action[] = []
    for (const reservation of waitingFor(snapshot, pool, now)) {
      free -= reservation.count
      if (free < 0) break
      actions.push({ type: 'assign', reservation })
    }
    return actions
  })
}
