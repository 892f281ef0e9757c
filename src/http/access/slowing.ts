/** Makes whoever shows tokens that are not good wait for their answers, and nobody else at the same address. */
import type { Clock } from '../../core/clock.ts'

/** Milliseconds; the time doubles with each failure. */
const SHORTEST = 125
const LONGEST = 4_000
/** Without a failure for this long, an address starts anew. */
const FORGOTTEN_AFTER = 60_000
/** Beyond these, the address that has failed least recently is forgotten. */
const MOST_ADDRESSES = 10_000
/** Answers of one address that are kept waiting at once. */
const MOST_HELD = 8

interface Failures {
  readonly count: number
  readonly at: number
}

export interface Slowing {
  /** Resolves when the answer may be given; null when too many of this address are waiting already. */
  failed(address: string): Promise<void> | null
}

/** Seconds after which it makes sense for somebody to try again who was sent away. */
export const TRY_AGAIN_AFTER = LONGEST / 1_000

export function createSlowing({ clock, pause }: { clock: Clock; pause: (ms: number) => Promise<void> }): Slowing {
  const failures = new Map<string, Failures>()
  const held = new Map<string, number>()

  function countOf(address: string, now: number): number {
    const before = failures.get(address)
    const count = before && now - before.at < FORGOTTEN_AFTER ? before.count + 1 : 1
    // Taken out first, so that the order of the map is the order of the latest failures.
    failures.delete(address)
    failures.set(address, { count, at: now })
    const [oldest] = failures.keys()
    if (failures.size > MOST_ADDRESSES && oldest !== undefined) failures.delete(oldest)
    return count
  }

  async function hold(address: string, ms: number): Promise<void> {
    held.set(address, (held.get(address) ?? 0) + 1)
    await pause(ms)
    const left = (held.get(address) ?? 1) - 1
    if (left > 0) held.set(address, left)
    else held.delete(address)
  }

  return {
    failed(address) {
      const ms = Math.min(LONGEST, SHORTEST * 2 ** (countOf(address, clock()) - 1))
      return (held.get(address) ?? 0) >= MOST_HELD ? null : hold(address, ms)
    },
  }
}
