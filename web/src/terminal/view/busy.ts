/** Whether the browser asks before the window is closed. */

/**
 * What runs in a shell is not known here. A program on the whole screen, or input or output a short while ago, count
 * as work: Ctrl+W, pressed to delete a word, comes just after typing.
 */
const QUIET_MS = 30_000

export interface Activity {
  readonly attached: boolean
  readonly fullScreen: boolean
  /** Latest input or output, epoch milliseconds. */
  readonly activeAt: number
}

export function isBusy({ attached, fullScreen, activeAt }: Activity, now: number): boolean {
  return attached && (fullScreen || now - activeAt < QUIET_MS)
}
