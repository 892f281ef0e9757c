/** Records when a token or a session was last used. */
import type { Clock } from '../../ports/clock.ts'
import { reasonOf } from '../../domain/errors.ts'
import type { Log } from '../../ports/log.ts'

/** Minimum interval between two records: a page sends many requests. */
const RECORD_INTERVAL_MS = 60_000

interface UseRecordDeps {
  readonly kind: 'token' | 'session'
  readonly clock: Clock
  readonly log: Pick<Log, 'warn'>
  /** Writes the use. */
  readonly write: (id: string, now: number) => Promise<void>
}

interface Used {
  readonly id: string
  /** null: never. */
  readonly lastUsedAt: number | null
}

/** Returns a function that records a use, unless one was recorded less than a minute ago. It never throws. */
export function createUseRecord({ kind, clock, log, write }: UseRecordDeps): (used: Used) => Promise<void> {
  return async ({ id, lastUsedAt }) => {
    const now = clock()
    if (lastUsedAt !== null && now - lastUsedAt < RECORD_INTERVAL_MS) return
    // A full disk must not prevent reading.
    await write(id, now).catch((error: unknown) => {
      log.warn(`the use of a ${kind} could not be recorded`, { [kind]: id, reason: reasonOf(error) })
    })
  }
}
