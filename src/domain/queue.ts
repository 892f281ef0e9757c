/**
 * Reservations that wait for containers of a pool, first come, first served: a small request waits behind a larger one.
 */
import { poolProblem } from './pools.ts'
import type { Snapshot } from './snapshot.ts'
import { dueEnd, holdersOf, isDue, type Reservation } from './reservation.ts'

/** Maximum time in the queue that a request may ask for. */
export const MAX_WAIT_MS = 7 * 86_400_000
/** Rough time in which a used container is replaced by a ready one. For estimates only. */
const RECYCLE_ESTIMATE_MS = 2_000

export interface QueuePosition {
  /** 1 is next. */
  readonly position: number
  /** When enough containers will be free if no reservation is released early or extended; null if unknown. */
  readonly estimatedStart: number | null
  /** Why the pool cannot lend any container at the moment; null while it can. */
  readonly problem: string | null
}

/** Returns the queue of a pool in order, without reservations whose time is up. */
export function waitingFor(snapshot: Snapshot, pool: string, now: number): Reservation[] {
  return snapshot.reservations
    .filter((r) => r.state === 'waiting' && r.pool === pool && !isDue(r, now))
    .sort((a, b) => (a.position ?? 0) - (b.position ?? 0))
}

/** Returns null for a reservation that does not wait. */
export function queuePosition(snapshot: Snapshot, { id, pool }: Reservation, now: number): QueuePosition | null {
  const queue = waitingFor(snapshot, pool, now)
  const index = queue.findIndex((r) => r.id === id)
  if (index < 0) return null
  const demand = queue.slice(0, index + 1).reduce((sum, { count }) => sum + count, 0)
  const problem = poolProblem(snapshot.containers, pool)
  // A pool with a problem makes no containers, so there is no estimate.
  const estimatedStart = problem === null ? (freeTimes(snapshot, pool, now)[demand - 1] ?? null) : null
  return { position: index + 1, estimatedStart, problem }
}

/** Returns when each container of the pool is free next, soonest first, without those for which it is unknown. */
function freeTimes(snapshot: Snapshot, pool: string, now: number): number[] {
  const holders = holdersOf(snapshot.reservations)
  const times = snapshot.containers
    .filter((c) => c.pool === pool)
    .flatMap(({ name, state }) => {
      if (state === 'ready') return [now]
      if (state === 'creating' || state === 'removing') return [now + RECYCLE_ESTIMATE_MS]
      const holder = state === 'reserved' ? holders.get(name) : undefined
      if (!holder) return []
      const end = holder.state === 'preparing' ? now + holder.durationMs : dueEnd(holder)?.at
      return end === undefined ? [] : [Math.max(now, end) + RECYCLE_ESTIMATE_MS]
    })
  return times.sort((a, b) => a - b)
}
