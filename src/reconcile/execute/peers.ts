/** Connects the containers of a reservation, and writes the names of all into each. */
import type { Clock } from '../../ports/clock.ts'
import { targetOf } from '../../domain/container.ts'
import { BerthError } from '../../domain/errors.ts'
import { isActive } from '../../domain/reservation.ts'
import type { Accounts } from '../../ports/accounts.ts'
import type { Engine } from '../../ports/engine.ts'
import type { Log } from '../../ports/log.ts'
import type { Store } from '../../ports/store.ts'
import type { Action } from '../plan/actions.ts'
import { peersKey } from '../work-keys.ts'
import type { BackgroundWork } from './work.ts'

/** Pause after a failure. Doubles with each one. */
const MIN_PAUSE_MS = 5_000
const MAX_PAUSE_MS = 5 * 60_000
/** Maximum number of remembered containers. Beyond it all are forgotten, at the cost of an exec each. */
const MAX_REMEMBERED = 20_000

interface PeersDeps {
  readonly store: Store
  readonly engine: Engine
  readonly accounts: Accounts
  readonly clock: Clock
  readonly log: Log
}

export type PeersAction = Extract<Action, { type: 'connectPeers' | 'writePeerNames' | 'removePeerNetwork' }>

export class Peers {
  /** Version last written into each container, by engine id. Lost with the process, after which it is written again. */
  readonly #written = new Map<string, string>()
  readonly #deps: PeersDeps
  readonly #work: BackgroundWork
  readonly #pauses = new Map<string, { readonly since: number; readonly ms: number }>()

  constructor(deps: PeersDeps, work: BackgroundWork) {
    this.#deps = deps
    this.#work = work
  }

  get written(): ReadonlyMap<string, string> {
    return this.#written
  }

  start(action: PeersAction): void {
    const id = action.type === 'removePeerNetwork' ? action.network.reservation : action.reservation.id
    if (this.#isPausing(id)) return
    this.#work.start([peersKey(id)], async () => {
      const before = this.#pauses.get(id)?.ms ?? MIN_PAUSE_MS / 2
      // Recorded before the outcome is known: it may fail in any way.
      this.#pauses.set(id, { since: this.#deps.clock(), ms: Math.min(2 * before, MAX_PAUSE_MS) })
      await this.#carryOut(action)
      this.#pauses.delete(id)
    })
  }

  #isPausing(id: string): boolean {
    const pause = this.#pauses.get(id)
    if (pause === undefined) return false
    const since = this.#deps.clock() - pause.since
    return since >= 0 && since < pause.ms
  }

  async #carryOut(action: PeersAction): Promise<void> {
    const { store, engine, clock, log } = this.#deps
    if (action.type === 'removePeerNetwork') return engine.removePeerNetwork(action.network.id)
    const { id, count } = action.reservation
    // The plan is older than this moment.
    const reservation = await store.reservation(id)
    if (reservation === null || !isActive(reservation, clock())) return
    if (action.type === 'writePeerNames') return this.#writeNames(action)
    const members = action.members.map(({ container, position }) => ({ id: targetOf(container).id, position }))
    await engine.connectPeers(id, count, members)
    log.debug('the containers of a reservation reach each other', { reservation: id })
  }

  async #writeNames({ containers, peers }: Extract<Action, { type: 'writePeerNames' }>): Promise<void> {
    const targets = containers.map(({ container }) => targetOf(container))
    const outcomes = await this.#deps.accounts.writePeerNames(targets, peers)
    if (this.#written.size > MAX_REMEMBERED) this.#written.clear()
    let failure: Error | null = null
    for (const { container, version } of containers) {
      const error = outcomes.get(container.name)
      if (error === null) this.#written.set(targetOf(container).id, version)
      else failure ??= error ?? new BerthError('guest_failed', `${container.name}: no outcome`)
    }
    if (failure !== null) throw failure
  }
}
