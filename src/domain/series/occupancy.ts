/**
 * Time that containers spent in each state in each step, and durations of recycling. Reads the events of a span once,
 * oldest first. States at its start that these events do not determine are resolved afterwards.
 */
import { CONTAINER_STATES, type Container, type ContainerState } from '../container.ts'
import { Durations } from './durations.ts'
import {
  certainStateBefore,
  type EarlierState,
  isRecycling,
  likelyStateBefore,
  type PoolChange,
  type SlotState,
  stateAfter,
} from './pool-change.ts'
import { eachOverlap, type Steps } from './steps.ts'

/** The unknown part of a container: its state before its first event in the span. */
interface Unknown {
  /** First event in the span; null: there is none. */
  readonly first: PoolChange | null
  /** End of the time in the unknown state. */
  readonly until: number
  /** First removal in a recycling that may have begun earlier. */
  removedAt: number | null
  /** End of that recycling. */
  readyAt: number | null
}

interface Slot {
  /** null: not known, because the first event does not determine it. */
  state: SlotState | null
  /** Time up to which its states are counted. */
  at: number
  /** When its recycling began; null: it is not being recycled. */
  recyclingSince: number | null
  /** Set while a recycling from before the span may still be under way. */
  unknown: Unknown | null
}

export class Occupancy {
  readonly recycles: Durations
  readonly #steps: Steps
  readonly #from: number
  readonly #ms: Readonly<Record<ContainerState, Float64Array>>
  readonly #slots = new Map<string, Slot>()
  readonly #unknown = new Map<string, Unknown>()

  /** Counts from `from` on, which is not before the first step. */
  constructor(steps: Steps, from: number) {
    this.#steps = steps
    this.#from = from
    this.recycles = new Durations(steps)
    const entries = CONTAINER_STATES.map((state) => [state, new Float64Array(steps.count)])
    this.#ms = Object.fromEntries(entries) as Record<ContainerState, Float64Array>
  }

  /** Adds the next event. Events from before the span determine the states at its start. */
  add(change: PoolChange): void {
    const state = stateAfter(change)
    if (state === null || change.container === null || change.at >= this.#steps.to) return
    const slot = this.#slots.get(change.container) ?? this.#begin(change.container, change)
    // The clocks of several managers may differ a little.
    const at = Math.max(change.at, slot.at)
    if (slot.state !== null) this.#count(slot.state, slot.at, at)
    this.#follow(slot, state, at)
    slot.state = state
    slot.at = at
  }

  /** Follows a recycling from the first removal until the container is ready, over failures in between. */
  #follow(slot: Slot, state: SlotState, at: number): void {
    if (state === 'removing') {
      if (slot.unknown) slot.unknown.removedAt ??= at
      else slot.recyclingSince ??= at
    }
    if (state === 'ready') {
      if (slot.unknown) slot.unknown.readyAt = at
      else if (slot.recyclingSince !== null) this.recycles.add(slot.recyclingSince, at)
    }
    if (isRecycling(state)) return
    slot.recyclingSince = null
    slot.unknown = null
  }

  /**
   * Adds the containers that did not change, from the present rows and the names of those that were dropped after the
   * span. Returns the containers to resolve with earlier events. Call it after the last event.
   */
  unresolved(rows: readonly Pick<Container, 'name' | 'state' | 'since' | 'generation'>[], dropped: readonly string[]) {
    const { to } = this.#steps
    const unchanged = { first: null, until: to, removedAt: null, readyAt: null }
    for (const { name, state, since, generation } of rows) {
      if (this.#slots.has(name)) continue
      // A slot without a first container has no events.
      if (generation === 0 || since <= this.#from) this.#count(state, Math.max(since, this.#from), to)
      else this.#unknown.set(name, unchanged)
    }
    for (const name of dropped) if (!this.#slots.has(name)) this.#unknown.set(name, unchanged)
    return [...this.#unknown].flatMap(([name, { until, readyAt }]) => {
      const matters = until > this.#from || (readyAt !== null && readyAt >= this.#from)
      return matters ? [name] : []
    })
  }

  /** Completes a container with the state that its events before the span determine. */
  resolve(name: string, { state, recyclingSince }: EarlierState): void {
    const unknown = this.#unknown.get(name)
    if (!unknown) return
    const { first, until, removedAt, readyAt } = unknown
    this.#count(state ?? (first ? likelyStateBefore(first) : 'absent'), this.#from, until)
    const begin = recyclingSince ?? removedAt
    if (begin !== null && readyAt !== null) this.recycles.add(begin, readyAt)
  }

  /** Counts the last states until the end of the span. Call it once, after the last event. */
  finish(): void {
    for (const { state, at } of this.#slots.values()) if (state !== null) this.#count(state, at, this.#steps.to)
  }

  /** Returns the milliseconds that all containers together spent in the state in a step. */
  ms(state: ContainerState, step: number): number {
    return this.#ms[state][step] ?? 0
  }

  #begin(name: string, first: PoolChange): Slot {
    const state = certainStateBefore(first)
    const until = Math.max(first.at, this.#from)
    const unknown = state === null ? { first, until, removedAt: null, readyAt: null } : null
    if (unknown) this.#unknown.set(name, unknown)
    const slot = { state, at: Number.NEGATIVE_INFINITY, recyclingSince: null, unknown }
    this.#slots.set(name, slot)
    return slot
  }

  #count(state: SlotState, begin: number, end: number): void {
    if (state === 'absent') return
    const ms = this.#ms[state]
    eachOverlap(this.#steps, Math.max(begin, this.#from), end, (step, overlap) => {
      ms[step] = (ms[step] ?? 0) + overlap.end - overlap.begin
    })
  }
}
