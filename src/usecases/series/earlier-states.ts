/** Finds the states at the start of a span in the events before it, newest first. */
import { earlierState, type PoolChange } from '../../domain/series/pool-change.ts'
import type { Occupancy } from '../../domain/series/occupancy.ts'
import type { HistoryStore } from '../../ports/store/history.ts'

/** Number of ids in one read that returns the events of few containers, which takes some milliseconds. */
export const SPARSE_IDS = 20_000

interface Wanted {
  /** Only this pool; null: all pools. */
  readonly pool: string | null
  /** Containers whose state before the span is wanted. */
  readonly containers: readonly string[]
  /** Pools whose latest change of size before the span is wanted. */
  readonly sizes: readonly string[]
}

/** The ids of the events before the span. */
interface Before {
  readonly oldest: number
  readonly latest: number
}

/** Completes the occupancy with states before the span. Returns the latest change of size before it for each pool. */
export async function resolveEarlier(
  store: Pick<HistoryStore, 'poolChanges'>,
  occupancy: Occupancy,
  { pool, containers, sizes }: Wanted,
  { oldest, latest }: Before,
): Promise<ReadonlyMap<string, PoolChange>> {
  const unresolved = new Map<string, PoolChange[]>(containers.map((name) => [name, []]))
  const unsized = new Set(sizes)
  const scaled = new Map<string, PoolChange>()
  for (let upTo = latest; upTo >= oldest && unresolved.size + unsized.size > 0; upTo -= SPARSE_IDS) {
    const range = { after: Math.max(oldest - 1, upTo - SPARSE_IDS), upTo, pool, containers }
    for (const change of (await store.poolChanges(range)).toReversed()) {
      if (change.container !== null) unresolved.get(change.container)?.push(change)
      else if (change.pool !== null && unsized.delete(change.pool)) scaled.set(change.pool, change)
    }
    for (const [name, changes] of unresolved) {
      const state = earlierState(changes, false)
      if (!state) continue
      occupancy.resolve(name, state)
      unresolved.delete(name)
    }
  }
  // Their earlier events were deleted.
  for (const [name, changes] of unresolved) {
    const state = earlierState(changes, true)
    if (state) occupancy.resolve(name, state)
  }
  return scaled
}
