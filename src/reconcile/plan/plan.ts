/**
 * Decides what to do: rows and a listing of the engine go in, actions come out. Pure, so that every situation is a row
 * of a table test. An action names the row that it was planned from, and is applied with compare-and-set: an action
 * planned from an old listing changes nothing.
 */
import type { Action, EndAction, PlanInput } from './actions.ts'
import { counted } from '../../domain/text/counted.ts'
import { formatDuration } from '../../domain/text/duration.ts'
import { type Container, isBackingOff, SHRUNK, targetOf } from '../../domain/container.ts'
import { protectionOf } from '../ownership/ownership.ts'
import { isUnknown, planContainer } from './plan-container.ts'
import { planNotifications } from './plan-notifications.ts'
import { planPeers } from './plan-peers.ts'
import { containerName, imageContainerName, portOf } from '../../domain/pool.ts'
import type { Observed } from '../../ports/engine.ts'
import type { NewSlot } from '../../ports/store.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import { countsOf, heldRows, listedByName } from './rows.ts'
import { planQueue } from './plan-queue.ts'
import { nextWorkAt } from '../../domain/next-work.ts'
import { containerKey, imageKey } from '../work-keys.ts'
import { poolProblem } from '../../domain/pools.ts'
import { dueEnd, holdersOf, isDue, type Outcome, type Reservation } from '../../domain/reservation.ts'

/** Age at which an unrecorded container is an orphan. Longer than the engine may take to create one. */
export const ORPHAN_AGE_MS = 120_000
/** A revocation keeps slower work waiting for at most this long. */
const REVOKE_PRIORITY_MS = 2_000
/** Interval at which an unfinished revocation is tried again. */
const REVOKE_RETRY_MS = 500
/** Interval of ticks while revocations run: 1,000 of them take minutes, and each listing takes the engine's time. */
const REVOKE_CHECK_MS = 2_000

/** Shared by the rows that need nothing, which are most of them: no array is made for each row at every tick. */
const NOTHING: never[] = []

/** Plans what ends and whose access is revoked. Needs no listing of the engine, so that a slow engine delays no end. */
export function planEnds({ pools, snapshot }: Pick<PlanInput, 'pools' | 'snapshot'>, now: number): EndAction[] {
  const sizes = new Map(pools.map((pool) => [pool.name, pool.size]))
  const ending = snapshot.reservations.filter(({ state }) => state === 'ending')
  const rows = heldRows(snapshot, ending)
  return snapshot.reservations.flatMap((reservation): EndAction[] | EndAction => {
    if (reservation.state === 'ending') {
      const containers = reservation.holds.flatMap((hold) => rows.get(hold.container) ?? [])
      return { type: 'revoke', reservation, containers }
    }
    const end = endOf(reservation, snapshot, sizes.get(reservation.pool) ?? 0, now)
    return end === null ? NOTHING : { type: 'end', reservation, ...end }
  })
}

/** Plans what needs no listing of the engine beside the ends: the queue, interrupted preparations and missing rows. */
export function planRequests({ pools, snapshot }: Pick<PlanInput, 'pools' | 'snapshot'>, now: number): Action[] {
  const interrupted = snapshot.reservations.filter((r) => !isDue(r, now) && isInterrupted(r, now) && r.promised)
  const actions: Action[] = interrupted.map((reservation) => ({ type: 'resume', reservation }))
  actions.push(...planQueue(snapshot, now))
  const slots = missingSlots({ pools, snapshot })
  return slots.length > 0 ? [...actions, { type: 'add', slots }] : actions
}

/** Plans what containers need, by a listing of the engine that is newer than the rows. */
export function plan(input: PlanInput, now: number): Action[] {
  const isRevoking = input.snapshot.reservations.some((r) => isRevokedNow(r, now))
  return [
    ...planContainers(input, input.observed, isRevoking, now),
    ...(isRevoking ? [] : [...planNotifications(input, input.observed, now), ...planPeers(input, now)]),
  ]
}

/** Returns when the next reservation ends or must be revoked again; Infinity if none. */
export function nextEnd({ reservations }: Snapshot, now: number): number {
  return earliest(reservations, (r) => {
    if (r.state === 'ending') return now + REVOKE_RETRY_MS
    const end = dueEnd(r)?.at ?? Number.POSITIVE_INFINITY
    return r.state === 'preparing' ? Math.min(end, r.prepareBy) : end
  })
}

/** Returns when to tick again even if nothing happens; Infinity if nothing is due. */
export function nextDue(snapshot: Snapshot, now: number): number {
  const work = earliest(snapshot.reservations, (r) =>
    r.state === 'ending' ? now + REVOKE_CHECK_MS : nextWorkAt(r, now),
  )
  const retry = earliest(snapshot.containers, (c) => (isBackingOff(c, now) ? c.retryAt : Number.POSITIVE_INFINITY))
  return Math.min(work, retry)
}

/** Returns the earliest of these times; Infinity without rows. `Math.min(...times)` fails with about 120,000 times. */
function earliest<T>(rows: readonly T[], timeOf: (row: T) => number): number {
  let time = Number.POSITIVE_INFINITY
  for (const row of rows) time = Math.min(time, timeOf(row))
  return time
}

/** Returns how a reservation that is not ending ends now; null if it does not. */
function endOf(
  reservation: Reservation,
  snapshot: Snapshot,
  size: number,
  now: number,
): { readonly outcome: Outcome; readonly reason?: string } | null {
  const due = dueEnd(reservation)
  if (due && now >= due.at) {
    if (due.outcome !== 'failed') return { outcome: due.outcome }
    return { outcome: 'failed', reason: neverFree(reservation, poolProblem(snapshot.containers, reservation.pool)) }
  }
  if (reservation.state === 'waiting' && reservation.count > size) {
    return { outcome: 'failed', reason: `${reservation.pool} has only ${counted(size, 'container')} now` }
  }
  if (!isInterrupted(reservation, now) || reservation.promised) return null
  return { outcome: 'failed', reason: 'the manager stopped while it was being prepared' }
}

/** Whether the manager that was preparing it has stopped. */
function isInterrupted({ state, prepareBy }: Reservation, now: number): boolean {
  return state === 'preparing' && now >= prepareBy
}

function neverFree({ count, pool, createdAt, waitUntil }: Reservation, problem: string | null): string {
  const waited = formatDuration((waitUntil ?? createdAt) - createdAt)
  const what = count === 1 ? 'no container' : `no ${count} containers`
  return `${what} of ${pool} came free within ${waited}${problem === null ? '' : `: ${problem}`}`
}

/** Whether access to it is being revoked and slower work has to wait for that. */
function isRevokedNow(reservation: Reservation, now: number): boolean {
  if (reservation.state !== 'ending') return isDue(reservation, now)
  return now - (reservation.endedAt ?? 0) < REVOKE_PRIORITY_MS
}

function missingSlots({ pools, snapshot }: Pick<PlanInput, 'pools' | 'snapshot'>): NewSlot[] {
  // Names are compared only in pools with missing rows: making the names of a large pool takes long.
  const counts = countsOf(snapshot)
  const incomplete = pools.filter(({ name, size, ports }) => counts.get(name) !== Math.min(size, ports.length))
  if (incomplete.length === 0) return []
  const names = new Set(snapshot.containers.map((c) => c.name))
  return incomplete.flatMap((pool) =>
    pool.ports.slice(0, pool.size).flatMap((port, index) => {
      const number = index + 1
      return names.has(containerName(pool.name, number)) ? [] : [{ pool: pool.name, number, port }]
    }),
  )
}

function planContainers(input: PlanInput, observed: readonly Observed[], isRevoking: boolean, now: number): Action[] {
  const pools = new Map(input.pools.map((pool) => [pool.name, pool]))
  const seen = listedByName(observed)
  const holders = holdersOf(input.snapshot.reservations)
  const actions: Action[] = []
  let matched = 0
  for (const container of input.snapshot.containers) {
    const { name } = container
    const here = seen.of(name)
    if (here.length > 0) matched += 1
    if (isBusy(input, container) || isUnknown(container, input.unreachable)) continue
    const action = planContainer(input, container, pools.get(container.pool), here, holders.get(name), now)
    if (action === null || (action.type !== 'block' && isBackingOff(container, now))) continue
    // Recycling keeps the engine busy for seconds; revoking must not wait for it.
    if (!isRevoking || action.type !== 'recycle') actions.push(action)
  }
  return [
    ...oneRetirementEach(input, actions),
    ...planPlaybooks(input, blockedBy(actions), now),
    ...planImages(input, observed),
    ...planSweep(input, matched === seen.names ? NOTHING : observed, now),
  ]
}

function isBusy({ busy }: PlanInput, { name }: Container): boolean {
  return busy.size > 0 && busy.has(containerKey(name))
}

/**
 * Renews a changed pool one container at a time, so that it never runs empty: while one is broken, the others stay, as
 * the new settings may be what breaks it.
 */
function oneRetirementEach({ snapshot }: PlanInput, actions: readonly Action[]): Action[] {
  const turning = new Set(
    snapshot.containers.filter(({ state }) => ['creating', 'removing', 'broken'].includes(state)).map((c) => c.pool),
  )
  return actions.filter((action) => {
    if (action.type !== 'retire' || action.reason === SHRUNK) return true
    if (turning.has(action.container.pool)) return false
    turning.add(action.container.pool)
    return true
  })
}

function blockedBy(actions: readonly Action[]): ReadonlySet<string> {
  return new Set(actions.flatMap((action) => (action.type === 'block' ? [action.container.name] : [])))
}

/** Plans one run for all new containers of a pool. It waits for those being created, unless they have failed before. */
function planPlaybooks(
  { pools, snapshot, observed, busy }: PlanInput,
  blocked: ReadonlySet<string>,
  now: number,
): Action[] {
  const prepared = pools.filter(({ prepare }) => prepare !== null)
  if (prepared.length === 0) return []
  const running = new Set(observed.filter((o) => o.state === 'running').map((o) => o.id))
  return prepared.flatMap((pool): Action[] => {
    if (pool.preparedImage === 'awaited') return []
    const fresh = snapshot.containers.filter(
      (c) => c.pool === pool.name && c.state === 'creating' && portOf(pool, c.number) && !blocked.has(c.name),
    )
    if (fresh.some((c) => c.hostKey === null && c.attempts === 0)) return []
    const containers = fresh.filter(
      (c) =>
        c.hostKey !== null && !isBackingOff(c, now) && !busy.has(containerKey(c.name)) && running.has(targetOf(c).id),
    )
    return containers.length > 0 ? [{ type: 'prepare', pool, containers }] : []
  })
}

/** Plans one run of the playbook for each missing image. */
function planImages({ missingImages, busy, ownership }: PlanInput, observed: readonly Observed[]): Action[] {
  return missingImages
    .filter(({ pool }) => !busy.has(imageKey(pool.name)))
    .map((missing) => {
      const name = imageContainerName(missing.pool.name)
      const stale = observed.filter((o) => o.name === name && protectionOf(o, undefined, ownership) === null)
      return { type: 'makeImage', missing, stale }
    })
}

/**
 * A container from the future is an orphan, too: the clock was set back. So is what an interrupted `makeImage` left, at
 * any age: its name has no other use.
 */
function planSweep(
  { pools, missingImages, snapshot, busy, ownership }: PlanInput,
  observed: readonly Observed[],
  now: number,
): Action[] {
  if (observed.length === 0) return []
  const names = new Set([
    ...snapshot.containers.map((c) => c.name),
    ...missingImages.map(({ pool }) => imageContainerName(pool.name)),
  ])
  const leftovers = new Set(pools.flatMap((p) => (p.preparedImage === null ? [] : [imageContainerName(p.name)])))
  return observed
    .filter((o) => !names.has(o.name) && !busy.has(containerKey(o.name)))
    .filter((o) => leftovers.has(o.name) || Math.abs(now - o.createdAt) > ORPHAN_AGE_MS)
    .filter((o) => protectionOf(o, undefined, ownership) === null)
    .map((o) => ({ type: 'sweep', observed: o }))
}
