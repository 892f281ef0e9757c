/** The target size of pools in each step, from the events of their changes. */
import type { PoolChange } from './pool-change.ts'
import { eachOverlap, type Steps } from './steps.ts'

export interface PoolSizes {
  /** Now; 0 for a pool that berth.yml no longer has. */
  readonly present: number
  /** In berth.yml. */
  readonly configured: number
}

/**
 * Returns size × milliseconds for each step. `changes` are the events of one pool, oldest first, including those
 * before and after the span. The current size applies after the last of them, and the size in berth.yml before the
 * first, because a change of berth.yml leaves no event.
 */
export function sizeMs(steps: Steps, from: number, changes: readonly PoolChange[], sizes: PoolSizes): Float64Array {
  const sums = new Float64Array(steps.count)
  const add = (size: number, begin: number, end: number) =>
    eachOverlap(steps, Math.max(begin, from), end, (step, overlap) => {
      sums[step] = (sums[step] ?? 0) + size * (overlap.end - overlap.begin)
    })
  let at = from
  let size = changes.length === 0 ? sizes.present : sizes.configured
  for (const [index, change] of changes.entries()) {
    add(size, at, change.at)
    at = Math.max(at, change.at)
    size = index === changes.length - 1 ? sizes.present : (readSize(change) ?? size)
  }
  add(size, at, steps.to)
  return sums
}

/** Reads "12" and "12, as in berth.yml". */
function readSize({ detail }: PoolChange): number | null {
  const [digits] = /^\d+/.exec(detail ?? '') ?? []
  return digits === undefined ? null : Number(digits)
}
