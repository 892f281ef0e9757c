/** How long a starting manager waits for other writers of its database. */
import { DatabaseLocked, reasonOf } from '../../domain/errors.ts'
import type { Log } from '../../ports/log.ts'

/** As long as a migration waits for them. After that, starting the manager again is left to its supervisor. */
const START_TIMEOUT_MS = 60_000

/**
 * Runs a write of a starting manager again while other writers hold the lock: managers on an overloaded machine may do
 * so for longer than a request may wait. Each attempt waits for the lock. Any other failure ends the start at once.
 */
export async function waitForWriters<T>(log: Log, write: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + START_TIMEOUT_MS
  for (;;) {
    try {
      return await write()
    } catch (error) {
      if (!(error instanceof DatabaseLocked) || performance.now() > deadline) throw error
      log.warn('waiting for other writers of the database', { reason: reasonOf(error) })
    }
  }
}
