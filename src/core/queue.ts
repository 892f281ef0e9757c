/** Those that wait for containers of a pool: first come, first served, and nobody passes a larger request. */
import type { Action } from './actions.ts'
import type { Snapshot } from './store.ts'
import { dueEnd, holdersOf, isDue, type Reservation } from './reservation.ts'

/** How long a used container takes to be ready again, roughly, in milliseconds: for estimates only. */
const RECYCLING = 2_000

export interface QueuePlace {
  /** 1 is next. */
  readonly position: number
  /** When enough containers will be free if nobody releases early or extends; null when that cannot be told. */
  readonly estimatedStart: number | null
}

/** Of one pool, in their order, without those whose time is up. */
export function waitingFor(snapshot: Snapshot, pool: string, now: number): Reservation[] {
  return snapshot.reservations
    .filter((r) => r.state === 'waiting' && r.pool === pool && !isDue(r, now))
    .sort((a, b) => (a.turn ?? 0) - (b.turn ?? 0))
}

/** Whoever is first gets containers as soon as there are enough; until then nobody behind gets any. */
export function planQueue(snapshot: Snapshot, now: number): Action[] {
  const pools = new Set(snapshot.reservations.filter((r) => r.state === 'waiting').map((r) => r.pool))
  return [...pools].flatMap((pool) => {
    let free = snapshot.containers.filter((c) => c.pool === pool && c.state === 'ready').length
    const actions: Action[] = []
    for (const reservation of waitingFor(snapshot, pool, now)) {
      free -= reservation.count
      if (free < 0) break
      actions.push({ do: 'assign', reservation })
    }
    return actions
  })
}

/** null for one that does not wait. */
export function queuePlace(snapshot: Snapshot, { id, pool }: Reservation, now: number): QueuePlace | null {
  const queue = waitingFor(snapshot, pool, now)
  const index = queue.findIndex((r) => r.id === id)
  if (index < 0) return null
  const demand = queue.slice(0, index + 1).reduce((sum, { count }) => sum + count, 0)
  return { position: index + 1, estimatedStart: freeTimes(snapshot, pool, now)[demand - 1] ?? null }
}

/** When each container of the pool can be had next, soonest first; those of which nobody knows are left out. */
function freeTimes(snapshot: Snapshot, pool: string, now: number): number[] {
  const holders = holdersOf(snapshot.reservations)
  const times = snapshot.containers
    .filter((c) => c.pool === pool)
    .flatMap(({ name, state }) => {
      if (state === 'ready') return [now]
      if (state === 'creating' || state === 'removing') return [now + RECYCLING]
      const holder = state === 'reserved' ? holders.get(name) : undefined
      if (!holder) return []
      const end = holder.state === 'preparing' ? now + holder.durationMs : dueEnd(holder)?.at
      return end === undefined ? [] : [Math.max(now, end) + RECYCLING]
    })
  return times.sort((a, b) => a - b)
}
