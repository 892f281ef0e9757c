import type { Terminal } from '../../domain/terminal/terminal.ts'
import type { LocalTime } from '../../domain/text/local-time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Engine } from '../../ports/engine.ts'
import type { Log } from '../../ports/log.ts'
import type { Store } from '../../ports/store.ts'

export interface TerminalsDeps {
  readonly store: Pick<
    Store,
    | ('snapshot' | 'reservation' | 'onEvents' | 'keepAlive')
    | ('terminal' | 'terminals' | 'allTerminals' | 'addTerminal' | 'markViewed' | 'removeTerminal')
    | ('takeTerminal' | 'terminalManager' | 'addTicket' | 'takeTicket')
  >
  readonly engine: Pick<Engine, 'shell' | 'exec' | 'lentTo'>
  readonly clock: Clock
  readonly log: Log
  readonly localTime: LocalTime
  readonly newId: () => string
}

/** A terminal as its owner sees it. */
export interface TerminalView extends Terminal {
  readonly username: string
  /** Number of viewers that are connected to this manager now. */
  readonly viewers: number
}
