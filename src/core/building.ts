/** Bringing containers up, in steps that each record what they did, so that any of them can be the last before a kill -9. */
import type { Clock } from './clock.ts'
import {
  type Container,
  type ContainerPatch,
  nextGeneration,
  ready,
  replacement,
  retired,
  stumbled,
} from './container.ts'
import { BerthError } from './errors.ts'
import { motdOf } from './notices.ts'
import { downAs, isLost, isUp } from './plan-container.ts'
import { type Pool, portOf, type Site, specOf } from './pool.ts'
import type { Pools } from './pools.ts'
import type { Accounts, Engine, Log, Observed, Target } from './ports.ts'
import type { Store } from './store.ts'
import { accountOf, isActive, type Reservation } from './reservation.ts'

/** How long sshd of a new container may take to answer, in milliseconds. */
export const SURVEY_TIMEOUT = 30_000

export interface BuildContext {
  readonly site: Site
  readonly pools: Pools
  readonly store: Store
  readonly engine: Engine
  readonly accounts: Accounts
  readonly clock: Clock
  readonly log: Log
}

/** What the engine showed of a place: what may stay, and what is in the way. */
interface Found {
  readonly current?: Observed
  readonly stale: readonly Observed[]
}

/** Every verb gives the row as it left it, or null when the row has moved on and somebody else's turn has come. */
export interface Builder {
  adopt(row: Container, observed: Observed): Promise<Container | null>
  build(row: Container, found: Found): Promise<Container | null>
  recycle(row: Container, stale: readonly Observed[]): Promise<Container | null>
  restore(row: Container, reservation: Reservation, found: Found): Promise<Container | null>
}

export function createBuilder({ site, pools, store, engine, accounts, clock, log }: BuildContext): Builder {
  async function apply(row: Container, patch: ContainerPatch): Promise<Container | null> {
    return (await store.updateContainer(row, patch, clock())) ? { ...row, ...patch } : null
  }

  /**
   * Removes what was in the way when the engine was looked at, unless the row has moved on since: then it may be what
   * another manager has made here after the row was read.
   */
  async function clear(row: Container, observed: readonly Observed[]): Promise<boolean> {
    if (observed.length === 0) return true
    const now = await store.container(row.name)
    if (now?.state !== row.state || now.generation !== row.generation) return false
    for (const { id } of observed) await engine.remove(id)
    return true
  }

  /** The generation that the row speaks of: exists, runs, and its sshd answers. */
  async function bringUp(row: Container, pool: Pool, current: Observed | undefined): Promise<Container | null> {
    const id = current?.id ?? (await engine.create(specOf(site, pool, row)))
    // Known before it runs: whoever ends a reservation meanwhile can kill it.
    const known = await apply(row, { engineId: id })
    if (!known) return null
    if (!current || !isUp(current)) await engine.start(id)
    // A playbook that runs later is to find the container as its image has it.
    const fresh = (row.state === 'creating' || !current) && pool.prepare === null
    const guest = await accounts.survey({ id, name: row.name }, { timeoutMs: SURVEY_TIMEOUT, fresh })
    const up = await apply(known, { hostKey: guest.hostKey })
    // Of a container that had a tenant, the names would include the tenant's.
    if (up && !current) await store.recordPoolFacts(pool.name, { os: guest.os, names: guest.names })
    return up
  }

  /** Ready, unless the pool has a playbook: then the planner collects it with others for one run. */
  async function finish(row: Container | null, pool: Pool): Promise<Container | null> {
    return row && pool.prepare === null ? apply(row, ready(clock())) : row
  }

  async function build(row: Container, { current, stale }: Found): Promise<Container | null> {
    const pool = poolOf(pools, row)
    if (!(await clear(row, stale))) return null
    const port = portOf(pool, row.number) ?? row.port
    const place = row.generation === 0 ? await apply(row, nextGeneration(row, port, clock())) : row
    return place && finish(await bringUp(place, pool, current), pool)
  }

  async function adopt(row: Container, observed: Observed): Promise<Container | null> {
    const pool = poolOf(pools, row)
    const target = { id: observed.id, name: row.name }
    const guest = await accounts.survey(target, { timeoutMs: SURVEY_TIMEOUT, fresh: false })
    if (guest.humans.length > 0) {
      log.warn(`${row.name} is not adopted: it holds accounts already`, { accounts: guest.humans })
      return build(row, { stale: [observed] })
    }
    // Now it is known that nobody has been in.
    if (pool.prepare === null) await accounts.survey(target, { timeoutMs: SURVEY_TIMEOUT, fresh: true })
    await store.recordPoolFacts(pool.name, { os: guest.os, names: guest.names })
    return finish(await apply(row, { generation: 1, engineId: observed.id, hostKey: guest.hostKey }), pool)
  }

  async function recycle(row: Container, stale: readonly Observed[]): Promise<Container | null> {
    const going = row.state === 'removing' ? row : await apply(row, retired(row.error, clock()))
    if (!going) return null
    if (going.engineId !== null) await engine.remove(going.engineId)
    const others = stale.filter((o) => o.id !== going.engineId)
    if (!(await clear(going, others))) return null
    const port = portOf(pools.named(row.pool), row.number)
    if (port === undefined) {
      if (await store.dropContainer(going, clock())) log.info(`${row.name} is dropped: its pool has shrunk`)
      return null
    }
    const next = await apply(going, nextGeneration(going, port, clock()))
    return next && build(next, { stale: [] })
  }

  async function restore(row: Container, reservation: Reservation, found: Found): Promise<Container | null> {
    const pool = poolOf(pools, row)
    const lost = isLost(row, found.current)
    const current = lost ? undefined : found.current
    let place: Container | null = row
    if (lost) {
      log.warn(`${row.name} is lost and is replaced under its reservation`, { reservation: reservation.id })
      const replaced = await apply(row, replacement(row))
      const there = found.current ? [found.current, ...found.stale] : found.stale
      place = replaced && (await clear(replaced, there)) ? replaced : null
    } else if (current && !isUp(current)) {
      place = await apply(row, stumbled(row, `the container was ${downAs(current)}`, clock()))
    }
    const up = place && (await bringUp(place, pool, current))
    if (!up || up.engineId === null) return null
    const target = { id: up.engineId, name: up.name }
    if (!current && pool.prepare !== null) await mustSucceed(accounts.prepare([target], pool.prepare), target)
    const held = await store.reservation(reservation.id)
    if (!held || held.expiresAt === null || !isActive(held, clock())) return null
    const account = accountOf(held, pool, motdOf(held, held.expiresAt))
    await mustSucceed(accounts.open([target], account, { fresh: !current }), target)
    if (await store.recordOpened(reservation.id, up)) return up
    // It ended while the account was being opened, maybe after the kill that was to cut it off.
    await engine.kill(target.id)
    return null
  }

  return { adopt, build, recycle, restore }
}

function poolOf(pools: Pools, row: Container): Pool {
  const pool = pools.named(row.pool)
  if (!pool) throw new BerthError('engine_failed', `berth.yml has no pool "${row.pool}" any more`)
  return pool
}

async function mustSucceed(outcomes: ReturnType<Accounts['open']>, target: Target): Promise<void> {
  const error = (await outcomes).get(target.name)
  if (error) throw error
}
