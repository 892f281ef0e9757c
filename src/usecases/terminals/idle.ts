/** Which terminals have had no viewer for too long. */
import type { Terminal } from '../../domain/terminal/terminal.ts'
import { IDLE_MS } from './ending.ts'

/** Interval at which the store is told which terminals have viewers. */
export const MARK_MS = 60_000
/** Time for viewers to reconnect after a start of the manager: pages try again at least every 30 s. */
const RETURN_MS = 60_000

/**
 * Returns whether a terminal whose shell does not run in this manager is idle. It had its last viewer up to MARK_MS
 * after `viewedAt`: in an earlier manager, in another one, or before the connection to the engine was lost.
 */
export function isIdleElsewhere(
  { viewedAt }: Pick<Terminal, 'viewedAt'>,
  { startedAt, now }: { readonly startedAt: number; readonly now: number },
): boolean {
  return now - viewedAt >= IDLE_MS + MARK_MS && now - startedAt >= RETURN_MS
}
