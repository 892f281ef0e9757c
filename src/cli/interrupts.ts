/** Ctrl-C, SIGTERM and SIGHUP end the command at once, unless it has to clean up first. */

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

export interface Interrupts {
  /** Returns a signal that is aborted by the first Ctrl-C from now on; the second ends the command at once. */
  takeOver(): AbortSignal
  /** Stops handling signals: another part does from now on. */
  leave(): void
  /** Returns the exit code of the signal that arrived, or null. */
  exitCode(): number | null
}

export function watchInterrupts(): Interrupts {
  let taken: AbortController | undefined
  let code: number | null = null
  const listeners = Object.entries(SIGNALS).map(([signal, exit]) => {
    const listener = () => {
      if (!taken || code !== null) process.exit(exit)
      code = exit
      taken.abort(new Error('interrupted'))
    }
    process.on(signal, listener)
    return [signal, listener] as const
  })
  return {
    takeOver() {
      taken ??= new AbortController()
      return taken.signal
    },
    leave() {
      for (const [signal, listener] of listeners) process.off(signal, listener)
    },
    exitCode: () => code,
  }
}
