/** How long reservations waited in the queue, and how long reserving took, by step. */
import type { UsageRecord } from '../usage.ts'
import { Durations } from './durations.ts'
import { eachOverlap, type Steps } from './steps.ts'

export type ReservationTimes = Pick<UsageRecord, 'createdAt' | 'activeAt' | 'waited'> & {
  /** When its end was recorded; null before. */
  readonly endedAt: number | null
}

export class Waits {
  /** Of reservations that did not wait: from the claim until the accounts were made. */
  readonly reserves: Durations
  readonly #steps: Steps
  readonly #from: number
  readonly #ms: Float64Array
  readonly #longest: Float64Array

  constructor(steps: Steps, from: number) {
    this.#steps = steps
    this.#from = from
    this.reserves = new Durations(steps)
    this.#ms = new Float64Array(steps.count)
    this.#longest = new Float64Array(steps.count)
  }

  add({ createdAt, activeAt, endedAt, waited }: ReservationTimes): void {
    if (!waited) {
      if (activeAt !== null) this.reserves.add(createdAt, activeAt)
      return
    }
    const until = activeAt ?? endedAt ?? this.#steps.to
    eachOverlap(this.#steps, Math.max(createdAt, this.#from), until, (step, { begin, end }) => {
      this.#ms[step] = (this.#ms[step] ?? 0) + end - begin
      this.#longest[step] = Math.max(this.#longest[step] ?? 0, end - createdAt)
    })
  }

  /** Returns the time that all reservations together waited in a step, in milliseconds. */
  ms(step: number): number {
    return this.#ms[step] ?? 0
  }

  /** Returns the longest time that a reservation had waited by the end of the step, in milliseconds. */
  longest(step: number): number {
    return this.#longest[step] ?? 0
  }
}
