/**
 * Time that containers spent in each state, by step, and durations of recycling. Reads the events of a span once,
 * oldest first. States before the span that these events do not determine are resolved afterwards.
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

/** A container whose state before its first event in the span is not known yet. */
interface Unresolved {
  /** null: it did not change in the span. */
  readonly first: PoolChange | null
  /** End of the time in that state. */
  readonly until: number
  /** First removal of a recycling that may have started earlier. */
  removedAt: number | null
  /** End of that recycling. */
  readyAt: number | null
}

interface Slot {
  /** null before its first event, unless that event determines it. */
  state: SlotState | null
  /** Time up to which its states are counted. */
  at: number
  /** When its recycling began; null: it is not being recycled. */
  recyclingSince: number | null
  /** Set while a recycling may be under way that started before the span. */
  unresolved: Unresolved | null
}

export class Occupancy {
  readonly recycles: Durations
  readonly #steps: Steps
  readonly #from: number
  readonly #ms: Readonly<Record<ContainerState, Float64Array>>
  readonly #slots = new Map<string, Slot>()
  readonly #unresolved = new Map<string, Unresolved>()

  /** Counts time from `from` on, which is in or after the first step. */
  constructor(steps: Steps, from: number) {
    this.#steps = steps
    this.#from = from
    this.recycles = new Durations(steps)
    const entries = CONTAINER_STATES.map((state) => [state, new Float64Array(steps.count)])
    this.#ms = Object.fromEntries(entries) as Record<ContainerState, Float64Array>
  }

  /** Adds the next event. Events before the span determine the states at its start. */
  add(change: PoolChange): void {
    const state = stateAfter(change)
    if (state === null || change.container === null || change.at >= this.#steps.to) return
    const slot = this.#slots.get(change.container) ?? this.#begin(change.container, change)
    // The clocks of several managers differ a little.
    const at = Math.max(change.at, slot.at)
    if (slot.state !== null) this.#count(slot.state, slot.at, at)
    this.#follow(slot, state, at)
    slot.state = state
    slot.at = at
  }

  /** Follows a recycling from the first removal until the container is ready, including failures in between. */
  #follow(slot: Slot, state: SlotState, at: number): void {
    if (state === 'removing') {
      if (slot.unresolved) slot.unresolved.removedAt ??= at
      else slot.recyclingSince ??= at
    }
    if (state === 'ready') {
      if (slot.unresolved) slot.unresolved.readyAt = at
      else if (slot.recyclingSince !== null) this.recycles.add(slot.recyclingSince, at)
    }
    if (isRecycling(state)) return
    slot.recyclingSince = null
    slot.unresolved = null
  }

  /**
   * Adds the containers that did not change in the span, from the current rows and the names of those that were dropped
   * after it. Returns the containers to resolve with earlier events. Call it after the last event.
   */
  addUnchanged(
    rows: readonly Pick<Container, 'name' | 'state' | 'since' | 'generation'>[],
    dropped: readonly string[],
  ) {
    const { to } = this.#steps
    const unchanged = { first: null, until: to, removedAt: null, readyAt: null }
    for (const { name, state, since, generation } of rows) {
      if (this.#slots.has(name)) continue
      // A slot has no event before its first container.
      if (generation === 0 || since <= this.#from) this.#count(state, Math.max(since, this.#from), to)
      else this.#unresolved.set(name, unchanged)
    }
    for (const name of dropped) if (!this.#slots.has(name)) this.#unresolved.set(name, unchanged)
    return [...this.#unresolved].flatMap(([name, { until, readyAt }]) => {
      const matters = until > this.#from || (readyAt !== null && readyAt >= this.#from)
      return matters ? [name] : []
    })
  }

  /** Sets the state of a container before the span, from its earlier events. */
  resolve(name: string, { state, recyclingSince }: EarlierState): void {
    const unresolved = this.#unresolved.get(name)
    if (!unresolved) return
    const { first, until, removedAt, readyAt } = unresolved
    this.#count(state ?? (first ? likelyStateBefore(first) : 'absent'), this.#from, until)
    const begin = recyclingSince ?? removedAt
    if (begin !== null && readyAt !== null) this.recycles.add(begin, readyAt)
  }

  /** Counts the last states until the end of the span. Call it once, after the last event. */
  finish(): void {
    for (const { state, at } of this.#slots.values()) if (state !== null) this.#count(state, at, this.#steps.to)
  }

  /** Returns the time that all containers together spent in the state in a step, in milliseconds. */
  ms(state: ContainerState, step: number): number {
    return this.#ms[state][step] ?? 0
  }

  #begin(name: string, first: PoolChange): Slot {
    const state = certainStateBefore(first)
    const until = Math.max(first.at, this.#from)
    const unresolved = state === null ? { first, until, removedAt: null, readyAt: null } : null
    if (unresolved) this.#unresolved.set(name, unresolved)
    const slot = { state, at: Number.NEGATIVE_INFINITY, recyclingSince: null, unresolved }
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
