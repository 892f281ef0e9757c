/** What admins do with containers and pools. */
import type { Clock } from '../ports/clock.ts'
import { type Container, type ContainerPatch, type ContainerState, quarantined, recycled } from '../domain/container.ts'
import { BerthError, invalidRequest, type Violation } from '../domain/errors.ts'
import type { Identity } from '../domain/identity.ts'
import type { Pool } from '../domain/pool.ts'
import type { Pools } from '../domain/pools.ts'
import type { Log } from '../ports/log.ts'
import { counted } from '../domain/text/counted.ts'
import { holdersOf } from '../domain/reservation.ts'
import type { Store } from '../ports/store.ts'

export interface AdminDeps {
  readonly pools: Pools
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** Called after each change, which must be reconciled. */
  readonly onChange: () => void
}

/** Every verb is idempotent. `not_found` for what does not exist. */
export interface Admin {
  /** Destroys the container, sound or not, and creates the next generation. `conflict` while it is reserved. */
  recycle(name: string, by: Identity): Promise<Container>
  /** Quarantines a container that is not reserved: it is kept unchanged for inspection. `conflict` otherwise. */
  quarantine(name: string, by: Identity): Promise<Container>
  /** Ends a quarantine: the container is recycled before it is lent. `conflict` if it is not quarantined. */
  endQuarantine(name: string, by: Identity): Promise<Container>
  /**
   * Sets a size that overrides berth.yml's; null removes the override. `conflict` if more containers than that are
   * reserved, `invalid_request` beyond the pool's ports.
   */
  resize(name: string, size: number | null, by: Identity): Promise<Pool>
  /** Returns the violations of a resize to this size. */
  sizeViolations(name: string, size: number | null): readonly Violation[]
}

interface Verb {
  /** States in which it can begin. */
  readonly from: readonly ContainerState[]
  /** States in which it has been done. */
  readonly done: readonly ContainerState[]
  readonly patch: (seen: Container, now: number) => ContainerPatch
  readonly said: string
  /** Reasons for a refusal, by state. */
  readonly refusals: Partial<Record<ContainerState, string>>
}

const RECYCLE: Verb = {
  from: ['creating', 'ready', 'broken'],
  done: ['removing'],
  patch: recycled,
  said: 'will be recycled',
  refusals: { quarantined: 'end its quarantine instead' },
}
const QUARANTINE: Verb = {
  from: ['creating', 'ready', 'broken'],
  done: ['quarantined'],
  patch: (_, now) => quarantined(now),
  said: 'is quarantined',
  refusals: { removing: 'it is already being destroyed' },
}
const END_QUARANTINE: Verb = {
  from: ['quarantined'],
  done: ['removing'],
  patch: recycled,
  said: 'is released from quarantine and will be recycled',
  refusals: { creating: 'not quarantined', ready: 'not quarantined', broken: 'not quarantined' },
}

export function createAdmin({ pools, store, clock, log, onChange }: AdminDeps): Admin {
  async function apply(verb: Verb, name: string, by: Identity): Promise<Container> {
    for (;;) {
      const seen = await store.container(name)
      if (!seen) throw new BerthError('not_found', `there is no container "${name}"`)
      if (verb.done.includes(seen.state)) return seen
      if (!verb.from.includes(seen.state)) throw await refusal(verb, seen)
      const patch = verb.patch(seen, clock())
      if (!(await store.updateContainer(seen, patch, clock(), by.name))) continue // The row has changed: read it again.
      log.info(`${name} ${verb.said}, by ${by.name}`, { container: name, by: by.name })
      onChange()
      return { ...seen, ...patch }
    }
  }

  async function refusal({ refusals }: Verb, { name, state }: Container): Promise<BerthError> {
    if (state !== 'reserved') return new BerthError('conflict', `${name} is ${state}: ${refusals[state] ?? ''}`)
    const { reservations } = await store.snapshot()
    const holder = holdersOf(reservations).get(name)
    return new BerthError('conflict', `${name} is reserved; release reservation ${holder?.id ?? ''} first`)
  }

  function sizeViolations(name: string, size: number | null): readonly Violation[] {
    const most = pools.configured(name)?.ports.length
    if (size === null || most === undefined || size <= most) return []
    return [{ path: 'size', message: `must be at most ${most}, the number of its ports in berth.yml, got ${size}` }]
  }

  async function resize(name: string, size: number | null, by: Identity): Promise<Pool> {
    const configured = pools.configured(name)
    if (!configured) throw new BerthError('not_found', `there is no pool "${name}"`)
    const violations = sizeViolations(name, size)
    if (violations.length > 0) throw invalidRequest(violations)
    const wanted = size ?? configured.size
    const done = await store.resizePool(name, { size: wanted, pinned: size !== null }, by.name, clock())
    if (done !== true) {
      const reserved = done.reserved === 1 ? '1 of its containers is' : `${done.reserved} of its containers are`
      throw new BerthError('conflict', `${reserved} reserved; release some first, or ask for at least ${done.reserved}`)
    }
    // At once, not with the next tick: a caller that asks after the answer sees the new size.
    pools.resize((await store.snapshot()).sizes)
    log.info(`pool ${name} was resized to ${counted(wanted, 'slot')}, by ${by.name}`, {
      pool: name,
      size: wanted,
      by: by.name,
    })
    onChange()
    const pool = pools.named(name)
    if (!pool) throw new Error(`the pool ${name} is gone from its own list`)
    return pool
  }

  return {
    recycle: (name, by) => apply(RECYCLE, name, by),
    quarantine: (name, by) => apply(QUARANTINE, name, by),
    endQuarantine: (name, by) => apply(END_QUARANTINE, name, by),
    resize,
    sizeViolations,
  }
}
