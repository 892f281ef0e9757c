/** The loops that end access on time. */
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { type Loop, startLoop } from './loop.ts'
import type { Reconciler } from './reconciler.ts'

/**
 * Loops of their own: a tick that waits for a slow engine must not delay the end of access, nor must one that waits for
 * the database.
 */
export function startExpiry(reconciler: Reconciler, clock: Clock, log: Log): Loop {
  const expiry = startLoop(() => reconciler.enforceExpiry(), clock, log)
  const overdue = startLoop(async () => reconciler.revokeOverdue(), clock, log)
  return {
    nudge: expiry.nudge,
    expect: expiry.expect,
    async stop() {
      await Promise.all([expiry.stop(), overdue.stop()])
    },
  }
}
