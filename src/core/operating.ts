/** What an admin does with containers and pools, beside lending them. */
import type { Clock } from './clock.ts'
import { type Container, type ContainerPatch, type ContainerState, quarantined, recycled } from './container.ts'
import { BerthError, invalidRequest } from './errors.ts'
import type { Identity } from './identity.ts'
import type { Pool } from './pool.ts'
import type { Pools } from './pools.ts'
import type { Log } from './ports.ts'
import { holdersOf } from './reservation.ts'
import type { Store } from './store.ts'

export interface OperatingContext {
  readonly pools: Pools
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** There is something to reconcile. */
  readonly onChange: () => void
}

/** What is so already is success. `not_found` for what is not there. */
export interface Operating {
  /** Destroys what is there, sound or not, and makes the next generation. `conflict` when somebody holds it. */
  recycle(name: string, by: Identity): Promise<Container>
  /** Puts aside what nobody holds: what runs there stays as it is, to be looked at. `conflict` for anything else. */
  quarantine(name: string, by: Identity): Promise<Container>
  /** Ends a quarantine: it is recycled before anybody gets it. `conflict` when it is in none. */
  giveBack(name: string, by: Identity): Promise<Container>
  /**
   * Another size than berth.yml's, null for that one again. `conflict` when more than that are held now,
   * `invalid_request` beyond the pool's ports.
   */
  resize(name: string, size: number | null, by: Identity): Promise<Pool>
}

interface Verb {
  /** States in which it can begin. */
  readonly from: readonly ContainerState[]
  /** States in which it has been done. */
  readonly done: readonly ContainerState[]
  readonly patch: (seen: Container, now: number) => ContainerPatch
  readonly said: string
  /** Why not, by state. */
  readonly refusals: Partial<Record<ContainerState, string>>
}

const RECYCLE: Verb = {
  from: ['creating', 'ready', 'broken'],
  done: ['removing'],
  patch: recycled,
  said: 'is to be recycled',
  refusals: { quarantined: 'return it, and it is recycled' },
}
const QUARANTINE: Verb = {
  from: ['creating', 'ready', 'broken'],
  done: ['quarantined'],
  patch: (_, now) => quarantined(now),
  said: 'is quarantined',
  refusals: { removing: 'it is being destroyed already' },
}
const RETURN: Verb = {
  from: ['quarantined'],
  done: ['removing'],
  patch: recycled,
  said: 'is returned from quarantine',
  refusals: { creating: 'not quarantined', ready: 'not quarantined', broken: 'not quarantined' },
}

export function createOperating({ pools, store, clock, log, onChange }: OperatingContext): Operating {
  async function apply(verb: Verb, name: string, by: Identity): Promise<Container> {
    for (;;) {
      const seen = await store.container(name)
      if (!seen) throw new BerthError('not_found', 'there is no such container')
      if (verb.done.includes(seen.state)) return seen
      if (!verb.from.includes(seen.state)) throw await refusal(verb, seen)
      const patch = verb.patch(seen, clock())
      if (!(await store.updateContainer(seen, patch, clock(), by.name))) continue // It has moved on: look again.
      log.info(`${name} ${verb.said}`, { by: by.name })
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

  async function resize(name: string, size: number | null, by: Identity): Promise<Pool> {
    const configured = pools.configured(name)
    if (!configured) throw new BerthError('not_found', 'there is no such pool')
    const most = configured.ports.length
    const wanted = size ?? configured.size
    if (wanted > most) {
      throw invalidRequest([{ path: 'size', message: `must be at most ${most}, the number of its ports in berth.yml` }])
    }
    const done = await store.resizePool(name, { size: wanted, pinned: size !== null }, by.name, clock())
    if (done !== true) {
      const held = done.held === 1 ? '1 of its containers is' : `${done.held} of its containers are`
      throw new BerthError('conflict', `${held} reserved; release some first, or ask for at least ${done.held}`)
    }
    // At once, and not with the next tick: whoever asks after the answer is told the new size.
    pools.resize((await store.snapshot()).sizes)
    log.info(`${name} is resized`, { size: wanted, by: by.name })
    onChange()
    const pool = pools.named(name)
    if (!pool) throw new Error(`the pool ${name} is gone from its own list`)
    return pool
  }

  return {
    recycle: (name, by) => apply(RECYCLE, name, by),
    quarantine: (name, by) => apply(QUARANTINE, name, by),
    giveBack: (name, by) => apply(RETURN, name, by),
    resize,
  }
}
