/** Series, computed one at a time: the figures of a busy month take seconds of processor time. */
import { createLimit } from '../../domain/concurrency.ts'
import { BerthError } from '../../domain/errors.ts'
import type { Series } from '../../domain/series/series.ts'
import { type ComputeDeps, computeSeries, type SeriesRequest } from './compute.ts'

/** A result is cached for this many times its computation time, so that one view uses at most 9 % of a core. */
const REUSE_FACTOR = 10
/** Maximum number of computations that run or wait. A dashboard needs one at a time. */
const MAX_WAITING = 30
/** Maximum number of cached results. A result of 2,000 points takes about a megabyte. */
const MAX_RESULTS = 8

interface Computed {
  readonly series: Series
  /** Epoch milliseconds, as is `validUntil`. */
  readonly computedAt: number
  readonly validUntil: number
}

/** `to` null: until now. */
export type SeriesQuery = Omit<SeriesRequest, 'to'> & { readonly to: number | null }

/** Reads figures of pools over time. They name no person, so every caller may read them, like the counts of pools. */
export interface SeriesReader {
  /** Returns a series, which may be cached. Throws `rate_limited` while too many other computations wait. */
  read(query: SeriesQuery): Promise<Series>
}

export function createSeries(deps: ComputeDeps): SeriesReader {
  const { clock } = deps
  const results = new Map<string, Promise<Computed>>()
  const oneAtATime = createLimit(1)
  let waiting = 0

  async function compute(query: SeriesQuery): Promise<Computed> {
    waiting += 1
    try {
      return await oneAtATime(async () => {
        const began = clock()
        const series = await computeSeries(deps, { ...query, to: Math.min(query.to ?? began, began) })
        const now = clock()
        return { series, computedAt: now, validUntil: now + REUSE_FACTOR * (now - began) }
      })
    } finally {
      waiting -= 1
    }
  }

  return {
    async read(query) {
      const { pool, from, to, stepMs } = query
      // `from` moves with the present; the first step stays the same for longer.
      const key = JSON.stringify([pool, Math.floor(from / stepMs), stepMs, to])
      for (let known = results.get(key); known; known = results.get(key)) {
        const result = await known.catch(() => null)
        if (result && isValid(result, clock())) return result.series
        // Otherwise, another caller has begun the next computation.
        if (results.get(key) === known) break
      }
      if (waiting >= MAX_WAITING) {
        throw new BerthError('rate_limited', `${waiting} computations of series are under way; try again later`)
      }
      const computed = compute(query)
      results.delete(key)
      results.set(key, computed)
      const [oldest] = results.keys()
      if (results.size > MAX_RESULTS && oldest !== undefined) results.delete(oldest)
      try {
        return (await computed).series
      } catch (error) {
        if (results.get(key) === computed) results.delete(key)
        throw error
      }
    },
  }
}

/** Returns whether a result may be used again. Before `computedAt`, the clock was set back. */
function isValid({ computedAt, validUntil }: Computed, now: number): boolean {
  return now >= computedAt && now <= validUntil
}
