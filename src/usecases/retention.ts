/**
 * Deletes old reservations, events and sessions in small batches, so that the database does not grow for ever.
 */
import type { Clock } from '../ports/clock.ts'
import { reasonOf } from '../domain/errors.ts'
import { counted } from '../domain/text/counted.ts'
import { formatDuration } from '../domain/text/duration.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import { IDLE_MS } from './sessions/sessions.ts'

/** Maximum rows of a kind in one batch. It takes tens of milliseconds, in which no other writer gets in. */
const BATCH_ROWS = 500
/** Pause after a batch that left more to delete, and after one that did not. */
const NEXT_BATCH_MS = 1_000
const CHECK_INTERVAL_MS = 600_000

interface RetentionDeps {
  readonly store: Pick<Store, 'prune' | 'pruneSessions'>
  readonly clock: Clock
  readonly log: Log
  /** Returns how long ended reservations and their events are kept, in milliseconds. */
  readonly keepMs: () => number
}

export interface Retention {
  /** Deletes a batch if one is due. Returns when to call again, in epoch milliseconds. Never throws. */
  step(): Promise<number>
}

export function createRetention({ store, clock, log, keepMs }: RetentionDeps): Retention {
  let next = 0
  return {
    async step() {
      const now = clock()
      // If the clock was set back by more than the pause, it does not wait.
      if (now < next && next - now <= CHECK_INTERVAL_MS) return next
      try {
        const gone = await store.prune(now - keepMs(), BATCH_ROWS)
        const sessions = await store.pruneSessions(now, now - IDLE_MS, BATCH_ROWS)
        if (gone.reservations + gone.events > 0) log.info(`deleted old rows: ${describeGone(gone)}`, gone)
        const more = gone.reservations === BATCH_ROWS || gone.events === BATCH_ROWS || sessions === BATCH_ROWS
        next = now + (more ? NEXT_BATCH_MS : CHECK_INTERVAL_MS)
      } catch (error) {
        log.warn(
          `old reservations and events could not be deleted; will retry in ${formatDuration(CHECK_INTERVAL_MS)}`,
          {
            reason: reasonOf(error),
          },
        )
        next = now + CHECK_INTERVAL_MS
      }
      return next
    },
  }
}

function describeGone({ reservations, events }: { readonly reservations: number; readonly events: number }): string {
  return `${counted(reservations, 'reservation')}, ${counted(events, 'event')}`
}
