/** Counts refused reserves by minute, and adds them to the database once a minute. */
import { type ErrorCode, reasonOf } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Store } from '../../ports/store.ts'

const MINUTE_MS = 60_000

type Counts = Map<string, { readonly at: number; readonly pool: string; readonly code: ErrorCode; count: number }>

export interface RefusalCounter {
  /** Returns metrics that also count refusals here. */
  around(metrics: Metrics): Metrics
  /** Writes the counts if a minute has passed. Returns when to call again, in epoch milliseconds. Never throws. */
  step(): Promise<number>
  /** Writes the counts now. Counts that could not be written are kept. Never throws. */
  flush(): Promise<void>
}

export function createRefusalCounter({
  store,
  clock,
  log,
}: {
  readonly store: Pick<Store, 'addRefusals'>
  readonly clock: Clock
  readonly log: Log
}): RefusalCounter {
  let counts: Counts = new Map()
  let next = clock() + MINUTE_MS

  function count(pool: string, code: ErrorCode, by = 1, at = Math.floor(clock() / MINUTE_MS) * MINUTE_MS): void {
    const key = `${at} ${code} ${pool}`
    const known = counts.get(key)
    if (known) known.count += by
    else counts.set(key, { at, pool, code, count: by })
  }

  async function flush(): Promise<void> {
    const written = counts
    if (written.size === 0) return
    counts = new Map()
    try {
      await store.addRefusals([...written.values()])
    } catch (error) {
      for (const { pool, code, count: by, at } of written.values()) count(pool, code, by, at)
      log.warn('counts of refused reserves could not be written; will retry in 1m', { reason: reasonOf(error) })
    }
  }

  return {
    around: (metrics) => ({
      observe: (what, ms) => metrics.observe(what, ms),
      failure: (code) => metrics.failure(code),
      ended: (pool, outcome) => metrics.ended(pool, outcome),
      refused(pool, code) {
        metrics.refused(pool, code)
        count(pool, code)
      },
    }),
    async step() {
      const now = clock()
      // More than a minute ahead: the clock was set back, so the time is ignored.
      if (now >= next || next - now > MINUTE_MS) {
        await flush()
        next = clock() + MINUTE_MS
      }
      return next
    },
    flush,
  }
}
