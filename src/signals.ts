/** What signals mean to a manager: Ctrl-C and SIGTERM stop it, SIGHUP makes it reload berth.yml. */
import { closeSync, openSync } from 'node:fs'
import { isatty } from 'node:tty'
import { printAborted, printStopped, printStopping } from './banner.ts'
import { BerthError, reasonOf } from './domain/errors.ts'
import type { Log } from './ports/log.ts'
import type { Reload } from './ports/reload.ts'

/** Exit codes of a process that a signal has ended. */
const EXIT = { SIGINT: 130, SIGTERM: 143 } as const

interface Signalled {
  readonly log: Log
  readonly reload: Reload
  stop(): Promise<void>
}

/**
 * Keeps a SIGHUP from ending a manager that is starting, except on a terminal, where it means that the terminal was
 * closed. Returns a function that says whether one has arrived.
 */
export function holdReload(): () => boolean {
  let hasArrived = false
  const note = () => {
    hasArrived = true
  }
  if (!isatty(0)) process.on('SIGHUP', note)
  return () => {
    process.off('SIGHUP', note)
    return hasArrived
  }
}

/**
 * `remaining` returns what stays when the manager has stopped; it is asked while the database is open. `reloadNow`: a
 * reload was asked for during the start.
 */
export function followSignals(manager: Signalled, remaining: () => Promise<string>, reloadNow: () => boolean): void {
  const hasTerminal = isatty(0)
  let isStopping = false

  /** `silent`: the terminal was closed, and a write to it would fail. */
  async function stop({ silent = false } = {}): Promise<void> {
    isStopping = true
    if (!silent) printStopping()
    const stays = await remaining().catch((error: unknown) => `the database does not answer: ${reasonOf(error)}`)
    await manager.stop()
    if (!silent) printStopped(stays)
    process.exit(0)
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!isStopping) return void stop()
      printAborted()
      process.exit(EXIT[signal])
    })
  }
  process.on('SIGHUP', () => {
    if (isStopping) return
    // Of a terminal that was closed, the same signal says so.
    if (hasTerminal && !isTerminalThere()) return void stop({ silent: true })
    void reloadAndLog(manager)
  })
  if (reloadNow()) void reloadAndLog(manager)
}

async function reloadAndLog({ log, reload }: Signalled): Promise<void> {
  try {
    await reload('SIGHUP')
  } catch (error) {
    const lines = error instanceof BerthError ? error.message.split('\n') : []
    if (lines.length === 0) {
      const stack = error instanceof Error ? error.stack : undefined
      log.error('reload failed; the settings stay as they were', { reason: reasonOf(error), stack })
    }
    for (const line of lines) log.error(line.trim())
    if (lines.length > 0) log.error('not reloaded: the settings stay as they were')
  }
}

/** Whether the controlling terminal is still open. */
function isTerminalThere(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
