/** Durations of operations, by the step in which they ended. */
import { type Steps, stepAt } from './steps.ts'

/** Durations in milliseconds; null where nothing was measured. */
export interface DurationFigures {
  readonly count: number
  readonly p50: number | null
  readonly p95: number | null
  readonly max: number | null
}

export class Durations {
  readonly #steps: Steps
  readonly #measured = new Map<number, number[]>()

  constructor(steps: Steps) {
    this.#steps = steps
  }

  /** Records a duration, unless it ended outside the span. */
  add(begin: number, end: number): void {
    const step = stepAt(this.#steps, end)
    if (step === null) return
    const measured = this.#measured.get(step)
    const ms = Math.max(0, end - begin)
    if (measured) measured.push(ms)
    else this.#measured.set(step, [ms])
  }

  figures(step: number): DurationFigures {
    const sorted = Float64Array.from(this.#measured.get(step) ?? []).sort()
    return { count: sorted.length, p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), max: sorted.at(-1) ?? null }
  }
}

/** Returns the smallest measured value that at least this share of all values do not exceed; null if there are none. */
function quantile(sorted: Float64Array, share: number): number | null {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null
}
