/**
 * The heart: what is recorded and what runs go in, what to do comes out. Pure, so that every situation is a row in a
 * table test. Each action says what was seen; whoever carries it out applies it with compare-and-set, so a plan made
 * from an old look does nothing worse than nothing.
 */
import type { Action, Situation } from './actions.ts'
import { formatDuration } from './duration.ts'
import { isPausing, SHRUNK } from './container.ts'
import { nextNotice } from './notices.ts'
import { planContainer } from './plan-container.ts'
import { planNotices } from './plan-notices.ts'
import { containerName, portOf } from './pool.ts'
import type { Observed } from './ports.ts'
import type { Snapshot } from './store.ts'
import { planQueue } from './queue.ts'
import { dueEnd, holdersOf, type Reservation } from './reservation.ts'

/** Longer than the engine may take to create one, so that a creation under way is never taken for an orphan. */
export const ORPHAN_AGE = 120_000
/** For how long cutting access keeps everything slower waiting. */
const REVOKE_FIRST = 2_000
/** How often an unfinished revocation is tried again. */
const REVOKE_AGAIN = 500
/** How often one is looked at that is under way: a thousand of them take minutes, and each look takes the engine's time. */
const REVOKE_LOOK = 2_000

export function plan(situation: Situation, now: number): Action[] {
  const urgent = [...planReservations(situation, now), ...planQueue(situation.snapshot, now)]
  const places = missingPlaces(situation)
  if (places.length > 0) urgent.push({ do: 'add', places })
  if (situation.observed === null) return urgent
  const cutting = urgent.some((a) => isFresh(a, now))
  return [
    ...urgent,
    ...planContainers(situation, situation.observed, cutting, now),
    ...(cutting ? [] : planNotices(situation, situation.observed, now)),
  ]
}

/**
 * When to look again even if nothing happens; Infinity when there is nothing to wait for. `busy`: names of containers and
 * ids of reservations that something is being done to.
 */
export function nextDue(snapshot: Snapshot, now: number, busy: ReadonlySet<string> = new Set()): number {
  const times = snapshot.reservations.map((r) =>
    r.state === 'ending' ? now + (busy.has(r.id) ? REVOKE_LOOK : REVOKE_AGAIN) : dueOf(r, now),
  )
  const retries = snapshot.containers.filter((c) => isPausing(c, now)).map((c) => c.retryAt)
  return Math.min(...times, ...retries, Number.POSITIVE_INFINITY)
}

/** When something is to be done for one that is not ending, even if nothing happens. */
export function dueOf(reservation: Reservation, now: number): number {
  const due = dueEnd(reservation)?.at ?? Number.POSITIVE_INFINITY
  // What could not be told is tried again in the loop's own time.
  return Math.min(due, reservation.state === 'preparing' ? reservation.prepareBy : nextNotice(reservation, now))
}

function planReservations({ pools, snapshot }: Situation, now: number): Action[] {
  const sizes = new Map(pools.map((pool) => [pool.name, pool.size]))
  const rows = new Map(snapshot.containers.map((c) => [c.name, c]))
  return snapshot.reservations.flatMap((reservation): Action[] => {
    if (reservation.state === 'ending') {
      const containers = reservation.holds.flatMap((hold) => rows.get(hold.container) ?? [])
      return [{ do: 'revoke', reservation, containers }]
    }
    const due = dueEnd(reservation)
    if (due && now >= due.at) {
      const reason = due.outcome === 'failed' ? { reason: neverFree(reservation) } : {}
      return [{ do: 'end', reservation, outcome: due.outcome, ...reason }]
    }
    const size = sizes.get(reservation.pool) ?? 0
    if (reservation.state === 'waiting' && reservation.count > size) {
      return [
        { do: 'end', reservation, outcome: 'failed', reason: `${reservation.pool} has only ${size} containers now` },
      ]
    }
    if (reservation.state !== 'preparing' || now < reservation.prepareBy) return []
    if (reservation.promised) return [{ do: 'open', reservation }]
    return [{ do: 'end', reservation, outcome: 'failed', reason: 'the manager stopped while it was being prepared' }]
  })
}

function neverFree({ count, pool, createdAt, waitUntil }: Reservation): string {
  const waited = formatDuration((waitUntil ?? createdAt) - createdAt)
  const what = count === 1 ? 'no container' : `no ${count} containers`
  return `${what} of ${pool} came free within ${waited}`
}

function isFresh(action: Action, now: number): boolean {
  if (action.do === 'end') return true
  return action.do === 'revoke' && now - (action.reservation.endedAt ?? 0) < REVOKE_FIRST
}

function missingPlaces({ pools, snapshot }: Situation): { pool: string; number: number; port: number }[] {
  const names = new Set(snapshot.containers.map((c) => c.name))
  return pools.flatMap((pool) =>
    pool.ports.slice(0, pool.size).flatMap((port, index) => {
      const number = index + 1
      return names.has(containerName(pool.name, number)) ? [] : [{ pool: pool.name, number, port }]
    }),
  )
}

function planContainers(situation: Situation, observed: readonly Observed[], cutting: boolean, now: number): Action[] {
  const pools = new Map(situation.pools.map((pool) => [pool.name, pool]))
  const seen = Map.groupBy(observed, (o) => o.name)
  const holders = holdersOf(situation.snapshot.reservations)
  const actions = situation.snapshot.containers.flatMap((container): Action[] => {
    if (situation.busy.has(container.name) || isPausing(container, now)) return []
    const pool = pools.get(container.pool)
    const action = planContainer(
      situation,
      container,
      pool,
      seen.get(container.name) ?? [],
      holders.get(container.name),
      now,
    )
    // Recycling keeps the engine busy for seconds; nobody's access waits behind it.
    return action === null || (cutting && action.do === 'recycle') ? [] : [action]
  })
  return [
    ...oneRetirementEach(situation, actions),
    ...planPlaybooks(situation, now),
    ...planSweep(situation, observed, now),
  ]
}

/** A changed pool is renewed one container after another, so that it never runs empty. */
function oneRetirementEach({ snapshot }: Situation, actions: readonly Action[]): Action[] {
  const turning = new Set(
    snapshot.containers.filter((c) => c.state === 'creating' || c.state === 'removing').map((c) => c.pool),
  )
  return actions.filter((action) => {
    if (action.do !== 'retire' || action.reason === SHRUNK) return true
    if (turning.has(action.container.pool)) return false
    turning.add(action.container.pool)
    return true
  })
}

/** One run for all new containers of a pool: it waits for those that are being made, unless they have failed before. */
function planPlaybooks({ pools, snapshot, observed, busy }: Situation, now: number): Action[] {
  const running = new Set(observed?.filter((o) => o.state === 'running').map((o) => o.id))
  return pools.flatMap((pool): Action[] => {
    if (pool.prepare === null) return []
    const fresh = snapshot.containers.filter(
      (c) => c.pool === pool.name && c.state === 'creating' && portOf(pool, c.number),
    )
    if (fresh.some((c) => c.hostKey === null && c.attempts === 0)) return []
    const containers = fresh.filter(
      (c) => c.hostKey !== null && !isPausing(c, now) && !busy.has(c.name) && running.has(c.engineId ?? ''),
    )
    return containers.length > 0 ? [{ do: 'prepare', pool, containers }] : []
  })
}

/** One from a time that is yet to come is old, too: the clock has been set back since. */
function planSweep({ snapshot, busy }: Situation, observed: readonly Observed[], now: number): Action[] {
  const names = new Set(snapshot.containers.map((c) => c.name))
  return observed
    .filter((o) => !names.has(o.name) && !busy.has(o.name) && Math.abs(now - o.createdAt) > ORPHAN_AGE)
    .map((o) => ({ do: 'sweep', observed: o }))
}
