/** Handles the signals of a manager: Ctrl-C and SIGTERM stop it, SIGHUP makes it reload berth.yml. */
import { closeSync, openSync } from 'node:fs'
import { isatty } from 'node:tty'
import { printAborted, printStopped, printStopping } from './banner.ts'
import { BerthError, reasonOf } from './domain/errors.ts'
import type { Log } from './ports/log.ts'
import type { Reload } from './ports/reload.ts'

/** Exit codes after a second signal: 128 and the number of the signal. */
const EXIT = { SIGINT: 130, SIGTERM: 143 } as const

interface SignalTarget {
  readonly log: Log
  readonly reload: Reload
  drain(): Promise<void>
  stop(): Promise<void>
}

/**
 * Keeps a SIGHUP from ending a manager that is starting, except on a terminal, where it means that the terminal was
 * closed. Returns a function that stops this and returns whether a SIGHUP has arrived.
 */
export function deferReload(): () => boolean {
  let hasArrived = false
  const record = () => {
    hasArrived = true
  }
  if (!isatty(0)) process.on('SIGHUP', record)
  return () => {
    process.off('SIGHUP', record)
    return hasArrived
  }
}

/**
 * Handles the signals of a manager that has started. `describeRemaining` returns what stays after a stop; it is called
 * while the database is open. `wasReloadRequested` returns whether a SIGHUP arrived during the start.
 */
export function handleSignals(
  manager: SignalTarget,
  describeRemaining: () => Promise<string>,
  wasReloadRequested: () => boolean,
): void {
  const hasTerminal = isatty(0)
  let isStopping = false

  /**
   * `silent`: nothing is printed, because the terminal was closed and a write to it would fail. `drains`: the manager
   * first gives a load balancer time to notice that it stops.
   */
  async function stop({ silent = false, drains = false } = {}): Promise<void> {
    isStopping = true
    if (!silent) printStopping()
    if (drains) await manager.drain()
    const remaining = await describeRemaining().catch(
      (error: unknown) => `the database does not answer: ${reasonOf(error)}`,
    )
    await manager.stop()
    if (!silent) printStopped(remaining)
    process.exit(0)
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!isStopping) return void stop({ drains: signal === 'SIGTERM' })
      printAborted()
      process.exit(EXIT[signal])
    })
  }
  process.on('SIGHUP', () => {
    if (isStopping) return
    // The kernel sends the same signal when the terminal is closed.
    if (hasTerminal && !isTerminalOpen()) return void stop({ silent: true })
    void reloadAndLog(manager)
  })
  if (wasReloadRequested()) void reloadAndLog(manager)
}

async function reloadAndLog({ log, reload }: SignalTarget): Promise<void> {
  try {
    await reload('SIGHUP')
  } catch (error) {
    if (error instanceof BerthError) {
      for (const line of error.message.split('\n')) log.error(line.trim())
      log.error('not reloaded: the settings stay as they were')
      return
    }
    const stack = error instanceof Error ? error.stack : undefined
    log.error('reload failed; the settings stay as they were', { reason: reasonOf(error), stack })
  }
}

/** Returns whether the controlling terminal is still open. */
function isTerminalOpen(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
