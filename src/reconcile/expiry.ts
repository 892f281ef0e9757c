/** The loops that end access on time. */
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { type Loop, startLoop } from './loop.ts'
import type { Reconciler } from './reconciler.ts'

/**
 * Starts two loops. The first ends access while a tick waits for a slow engine; the second, while the first waits for
 * the database. The returned loop nudges the first and stops both.
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
