/** Which terminals have had no viewer for too long. */
import type { Terminal } from '../../domain/terminal/terminal.ts'
import { IDLE_MS } from './ending.ts'

/** Interval at which the terminals with viewers are recorded in the database. */
export const MARK_MS = 60_000
/** Time after a start of the manager in which viewers reconnect. The dashboard retries at least every 30 s. */
const RETURN_MS = 60_000

/**
 * Returns whether a terminal is idle that this manager has no connection to. Its last viewer, in an earlier or another
 * manager, left up to MARK_MS after `viewedAt`.
 */
export function isIdleElsewhere(
  { viewedAt }: Pick<Terminal, 'viewedAt'>,
  { startedAt, now }: { readonly startedAt: number; readonly now: number },
): boolean {
  return now - viewedAt >= IDLE_MS + MARK_MS && now - startedAt >= RETURN_MS
}
