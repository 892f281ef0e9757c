/** Durations of waits in the queue and of reserving, by step. */
import type { UsageRecord } from '../usage.ts'
import { Durations } from './durations.ts'
import { eachOverlap, type Steps } from './steps.ts'

export type ReservationTimes = Pick<UsageRecord, 'createdAt' | 'activeAt' | 'waited'> & {
  /** When its end was recorded; null: it has not ended. */
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

  /** Returns the milliseconds that all reservations together waited in a step. */
  ms(step: number): number {
    return this.#ms[step] ?? 0
  }

  /** Returns the longest wait of a reservation by the end of a step, in milliseconds. */
  longest(step: number): number {
    return this.#longest[step] ?? 0
  }
}
