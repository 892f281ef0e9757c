/** Forgetting what is long over, a little at a time, so that the database does not grow for ever. */
import type { Clock } from './clock.ts'
import { reasonOf } from './errors.ts'
import type { Log } from './ports.ts'
import type { Store } from './store.ts'

/** Most rows of a kind in one step: tens of milliseconds, while which nobody else can write. */
const STEP = 500
/** Pause after a step that left more to do, and after one that did not, in milliseconds. */
const GO_ON = 1_000
const LOOK_AGAIN = 600_000

interface RetentionContext {
  readonly store: Pick<Store, 'prune'>
  readonly clock: Clock
  readonly log: Log
  /** For how long what has ended is kept, milliseconds. */
  readonly keepMs: number
}

export interface Retention {
  /** Does one step if it is time for one; gives when it wants to be called again, in epoch milliseconds. Never throws. */
  step(): Promise<number>
}

export function createRetention({ store, clock, log, keepMs }: RetentionContext): Retention {
  let next = 0
  return {
    async step() {
      const now = clock()
      // A clock that was set back by more than the pause does not stop it for as long.
      if (now < next && next - now <= LOOK_AGAIN) return next
      try {
        const gone = await store.prune(now - keepMs, STEP)
        if (gone.reservations + gone.events > 0) log.info('forgotten, as they are old enough', gone)
        const more = gone.reservations === STEP || gone.events === STEP
        next = now + (more ? GO_ON : LOOK_AGAIN)
      } catch (error) {
        log.warn('what is old could not be forgotten, and will be tried again', { reason: reasonOf(error) })
        next = now + LOOK_AGAIN
      }
      return next
    },
  }
}
