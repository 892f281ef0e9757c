/** Ctrl-C and its relatives: they end the command at once, unless it has something to put in order first. */

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

export interface Interrupts {
  /** From now on the first signal only aborts what this gives; the second ends the command at once. */
  takeOver(): AbortSignal
  /** Signals are somebody else's business from now on. */
  leave(): void
  /** The exit code that the signal asks for; null when there was none. */
  exitCode(): number | null
}

export function watchInterrupts(): Interrupts {
  let taken: AbortController | undefined
  let code: number | null = null
  const listeners = Object.entries(SIGNALS).map(([signal, exit]) => {
    const listener = () => {
      if (!taken || code !== null) process.exit(exit)
      code = exit
      taken.abort(new Interrupted(exit))
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

/** Thrown where a signal has cut something short. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly exit: number

  constructor(exit: number) {
    super('interrupted')
    this.exit = exit
  }
}
