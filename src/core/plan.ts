/**
 * The heart: what is recorded and what runs go in, what to do comes out. Pure, so that every situation is a row in a
 * table test. Each action says what was seen; whoever carries it out applies it with compare-and-set, so a plan made
 * from an old look does nothing worse than nothing.
 */
import type { Container } from './container.ts'
import { containerName, type Pool, portOf } from './pool.ts'
import type { Observed, Snapshot } from './ports.ts'
import { dueEnd, isActive, type Outcome, type Reservation } from './reservation.ts'

export type Action =
  /** Its time is up, or its preparation died. */
  | { readonly do: 'end'; readonly reservation: Reservation; readonly outcome: Outcome }
  /** Cut access, then call it ended. */
  | { readonly do: 'revoke'; readonly reservation: Reservation; readonly containers: readonly Container[] }
  /** Rows for places that a pool should have. */
  | { readonly do: 'add'; readonly places: readonly { pool: string; number: number; port: number }[] }
  /** Take over what `just provision` made here. */
  | { readonly do: 'adopt'; readonly container: Container; readonly observed: Observed }
  /** Bring up what should run here, from wherever it stands. `stale` is in the way and goes first. */
  | {
      readonly do: 'build'
      readonly container: Container
      readonly current?: Observed
      readonly stale: readonly Observed[]
    }
  /** Run the pool's playbook on all its new containers at once. */
  | { readonly do: 'prepare'; readonly pool: Pool; readonly containers: readonly Container[] }
  /** Destroy what is here, and make the next generation, or drop the place when the pool has shrunk. */
  | { readonly do: 'recycle'; readonly container: Container; readonly stale: readonly Observed[] }
  /** A ready container that cannot be given to anyone. */
  | { readonly do: 'break'; readonly container: Container; readonly reason: string }
  /** A ready container that is sound, but not what the pool wants any more. */
  | { readonly do: 'retire'; readonly container: Container; readonly reason: string }
  /** A held container is down or was replaced: make it run, and its account with it. */
  | {
      readonly do: 'restore'
      readonly reservation: Reservation
      readonly container: Container
      readonly current?: Observed
      readonly stale: readonly Observed[]
    }
  /** Ours by its label, but nobody's. */
  | { readonly do: 'sweep'; readonly observed: Observed }

export interface Situation {
  readonly pools: readonly Pool[]
  readonly snapshot: Snapshot
  /** null when the engine was not asked or did not answer: then only what needs no look at it is planned. */
  readonly observed: readonly Observed[] | null
  /** The digest that a container of this place would bear if it were made now. */
  readonly specDigest: (pool: Pool, number: number) => string
  /** Names of containers that something is being done to. */
  readonly busy: ReadonlySet<string>
}

/** Longer than the engine may take to create one, so that a creation under way is never taken for an orphan. */
export const ORPHAN_AGE = 120_000
/** For how long cutting access keeps everything slower waiting. */
const REVOKE_FIRST = 2_000
/** Failures in a row after which a held container is given up and replaced. */
const REPLACE_AFTER = 4
/** How often an unfinished revocation is tried again. */
const REVOKE_AGAIN = 500

export function plan(situation: Situation, now: number): Action[] {
  const urgent = planEndings(situation.snapshot, now)
  const places = missingPlaces(situation)
  if (places.length > 0) urgent.push({ do: 'add', places })
  if (situation.observed === null) return urgent
  return [
    ...urgent,
    ...planContainers(
      situation,
      situation.observed,
      urgent.some((a) => isFresh(a, now)),
      now,
    ),
  ]
}

/** When to look again even if nothing happens; Infinity when there is nothing to wait for. */
export function nextDue(snapshot: Snapshot, now: number): number {
  const times = snapshot.reservations.map((r) => {
    if (r.state === 'active') return dueEnd(r)?.at ?? now
    return r.state === 'preparing' ? r.prepareBy : now + REVOKE_AGAIN
  })
  const retries = snapshot.containers.map((c) => c.retryAt).filter((time) => time > now)
  return Math.min(...times, ...retries, Number.POSITIVE_INFINITY)
}

function planEndings(snapshot: Snapshot, now: number): Action[] {
  const rows = new Map(snapshot.containers.map((c) => [c.name, c]))
  return snapshot.reservations.flatMap((reservation): Action[] => {
    if (reservation.state === 'ending') {
      const containers = reservation.holds.flatMap((hold) => rows.get(hold.container) ?? [])
      return [{ do: 'revoke', reservation, containers }]
    }
    if (reservation.state === 'preparing') {
      return now >= reservation.prepareBy ? [{ do: 'end', reservation, outcome: 'failed' }] : []
    }
    if (isActive(reservation, now)) return []
    return [{ do: 'end', reservation, outcome: dueEnd(reservation)?.outcome ?? 'expired' }]
  })
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
  const holders = new Map(situation.snapshot.reservations.flatMap((r) => r.holds.map((h) => [h.container, r] as const)))
  const actions = situation.snapshot.containers.flatMap((container): Action[] => {
    if (situation.busy.has(container.name) || container.retryAt > now) return []
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

function planContainer(
  situation: Situation,
  container: Container,
  pool: Pool | undefined,
  here: readonly Observed[],
  holder: Reservation | undefined,
  now: number,
): Action | null {
  const current = here.find((o) => isCurrent(container, o))
  const stale = here.filter((o) => o !== current)
  const wanted = pool !== undefined && portOf(pool, container.number) !== undefined
  switch (container.state) {
    case 'creating':
      if (!wanted) return { do: 'recycle', container, stale: here }
      // Its sshd has answered: it waits for its pool's playbook, see planPlaybooks.
      if (pool.prepare !== null && container.hostKey !== null && current?.state === 'running') return null
      if (container.generation === 0) return adoptOrBuild(situation, pool, container, here)
      return { do: 'build', container, ...(current && { current }), stale }
    case 'ready': {
      if (!wanted) return { do: 'retire', container, reason: 'the pool has shrunk' }
      if (!current) return { do: 'break', container, reason: 'the container is gone' }
      if (current.state !== 'running') return { do: 'break', container, reason: `the container is ${current.state}` }
      const upToDate = current.spec === situation.specDigest(pool, container.number)
      return upToDate ? null : { do: 'retire', container, reason: 'the pool is configured differently' }
    }
    case 'reserved':
      if (!holder || !isActive(holder, now) || isWell(holder, container, current)) return null
      return { do: 'restore', reservation: holder, container, ...(current && { current }), stale }
    case 'removing':
      // Held still means that its holder may be in still: revoking comes first.
      return holder ? null : { do: 'recycle', container, stale: here }
    case 'broken':
      return { do: 'recycle', container, stale: here }
  }
}

/** Whether what runs is the generation that the row speaks of. */
function isCurrent(container: Container, observed: Observed): boolean {
  if (container.engineId !== null) return observed.id === container.engineId
  return container.generation > 0 && observed.generation === container.generation
}

/**
 * For a place that this database knows nothing of. Only what no manager has handled is adopted: a container with a
 * generation may have had a tenant of whom the database that knew them is gone.
 */
function adoptOrBuild(situation: Situation, pool: Pool, container: Container, here: readonly Observed[]): Action {
  const [only, ...more] = here
  const digest = situation.specDigest(pool, container.number)
  const sound = only?.generation === null && only.state === 'running' && only.spec === digest && more.length === 0
  return sound ? { do: 'adopt', container, observed: only } : { do: 'build', container, stale: here }
}

function isWell(holder: Reservation, container: Container, current: Observed | undefined): boolean {
  const hold = holder.holds.find((h) => h.container === container.name)
  return current?.state === 'running' && hold?.opened === container.generation
}

/** Whether a held container is to be given up: it is gone, or would not stay up. */
export function isLost(container: Container, current: Observed | undefined): boolean {
  if (container.engineId === null) return false
  return current === undefined || container.attempts >= REPLACE_AFTER
}

/** A changed pool is renewed one container after another, so that it never runs empty. */
function oneRetirementEach({ snapshot }: Situation, actions: readonly Action[]): Action[] {
  const turning = new Set(
    snapshot.containers.filter((c) => c.state === 'creating' || c.state === 'removing').map((c) => c.pool),
  )
  return actions.filter((action) => {
    if (action.do !== 'retire' || action.reason === 'the pool has shrunk') return true
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
      (c) => c.hostKey !== null && c.retryAt <= now && !busy.has(c.name) && running.has(c.engineId ?? ''),
    )
    return containers.length > 0 ? [{ do: 'prepare', pool, containers }] : []
  })
}

function planSweep({ snapshot, busy }: Situation, observed: readonly Observed[], now: number): Action[] {
  const names = new Set(snapshot.containers.map((c) => c.name))
  return observed
    .filter((o) => !names.has(o.name) && !busy.has(o.name) && now - o.createdAt > ORPHAN_AGE)
    .map((o) => ({ do: 'sweep', observed: o }))
}
