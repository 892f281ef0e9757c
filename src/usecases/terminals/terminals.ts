/** Terminals: opens shells in reserved containers, keeps them for their viewers, and ends them with the reservation. */
import { BerthError } from '../../domain/errors.ts'
import type { Identity } from '../../domain/identity.ts'
import type { Terminal, TerminalSize } from '../../domain/terminal/terminal.ts'
import { currentEnding } from './current-ending.ts'
import { closedEnding, endingOfShell } from './ending.ts'
import { keepAliveBy } from './keepalive.ts'
import { assertRoom, assertRoomForViewer } from './limits.ts'
import { openShell, resumeShell, type RunningShell } from './open-shell.ts'
import { type Place, placeOf, placeOfTerminal } from './place.ts'
import { type Attachment, RunningTerminal } from './running-terminal.ts'
import { type AuthenticatedCaller, type TicketHolder, Tickets } from './tickets.ts'
import type { TerminalsDeps, TerminalView } from './types.ts'
import { Upkeep } from './upkeep.ts'
import type { Connection } from './viewer.ts'

/** Interval of checks whether a viewer is still allowed; with that of `step`, at most 15 s. */
const CHECK_MS = 10_000
/** Minimum time between checks of a viewer that changes in the database cause. */
const RECHECK_MS = 1_000
/** Interval of `step`. */
const STEP_MS = 5_000

export class Terminals {
  readonly #deps: TerminalsDeps
  readonly #tickets: Tickets
  readonly #running = new Map<string, RunningTerminal>()
  readonly #opening = new Map<string, Pick<Terminal, 'id' | 'reservation' | 'container'>>()
  /** Shells that are being resumed, by id of the terminal. */
  readonly #resuming = new Map<string, Promise<RunningTerminal>>()
  readonly #upkeep: Upkeep
  readonly #unlisten: () => void
  #stopped = false

  constructor(deps: TerminalsDeps) {
    this.#deps = deps
    this.#tickets = new Tickets(deps)
    this.#upkeep = new Upkeep(deps, this.#running, (id) => this.#resuming.has(id))
    this.#unlisten = deps.store.onEvents(() => void this.#changed())
  }

  /** Number of shells that run, and of their viewers. */
  get counts(): { readonly terminals: number; readonly viewers: number } {
    const running = [...this.#running.values()]
    return { terminals: running.length, viewers: running.reduce((sum, { viewers }) => sum + viewers, 0) }
  }

  /**
   * Opens a shell as the account of the caller's reservation, and returns a ticket for its first viewer. `not_found`,
   * `not_active`, `conflict`, `rate_limited`, `guest_failed`, `engine_unavailable`.
   */
  async open(
    name: string,
    size: TerminalSize,
    caller: AuthenticatedCaller,
  ): Promise<TerminalView & { readonly ticket: string }> {
    const { log, newId } = this.#deps
    const { by } = caller
    const place = await placeOf(this.#deps, name, by)
    const { reservation } = place
    const rows = await this.#upkeep.rows()
    assertRoom([...new Map([...this.#opening, ...rows]).values()], place)
    const id = newId()
    this.#opening.set(id, { id, reservation: reservation.id, container: name })
    try {
      const { row, ...shell } = await openShell(this.#deps, place, { id, size, by })
      this.#add(row, shell, place)
      log.info(`terminal in ${name} opened by ${by.name}`, { terminal: id, container: name, by: by.name })
      return { ...this.#view(row, reservation.username), ticket: await this.#tickets.issue(id, caller) }
    } finally {
      this.#opening.delete(id)
    }
  }

  /** Returns the caller's terminals, oldest first, including those of an earlier manager. */
  async list(by: Identity): Promise<TerminalView[]> {
    const { store } = this.#deps
    const views = (await store.terminals(by.name)).map(async (row) => {
      const place = await placeOfTerminal(this.#deps, row, by).catch(() => null)
      return place ? [this.#view(row, place.reservation.username)] : []
    })
    return (await Promise.all(views)).flat()
  }

  /** Returns a ticket for one more viewer. `not_found`. */
  async ticket(id: string, caller: AuthenticatedCaller): Promise<string> {
    await this.#find(id, caller.by)
    return this.#tickets.issue(id, caller)
  }

  /** Uses up a ticket, which any manager may have issued. Returns its caller. `unauthorized`. */
  redeem(ticket: string, id: string): Promise<AuthenticatedCaller> {
    return this.#tickets.redeem(ticket, id)
  }

  /**
   * Attaches a viewer. Takes over the shell of an earlier or another manager, whose viewers are then disconnected, and
   * resumes a shell to which the connection was lost. `not_found`, `rate_limited`, `guest_failed`,
   * `engine_unavailable`.
   */
  async attach(id: string, holder: TicketHolder, connection: Connection): Promise<Attachment> {
    const row = await this.#find(id, holder.by)
    const terminal = this.#running.get(id) ?? (await this.#resume(row, holder.by))
    assertRoomForViewer({ here: terminal.viewers, all: this.counts.viewers })
    const attachment = terminal.attach(connection, holder)
    // The viewer may leave before the next `markViewed`.
    if (terminal.viewers === 1) void this.#upkeep.recordView(row)
    return attachment
  }

  /** Ends the shell and what runs in it. `not_found`. */
  async close(id: string, by: Identity): Promise<void> {
    const { clock, localTime } = this.#deps
    const row = await this.#find(id, by)
    const place = await placeOfTerminal(this.#deps, row, by)
    await this.#upkeep.end(row, closedEnding(clock(), localTime), by.name)
    await this.#upkeep.hangUp(row, place)
  }

  /** See `Upkeep`. */
  closeWhatIsOver(): Promise<void> {
    return this.#upkeep.closeWhatIsOver()
  }

  /** Checks all viewers and terminals, including those of earlier managers. Returns when to call it again. */
  async step(): Promise<number> {
    if (this.#stopped) return Number.POSITIVE_INFINITY
    await this.#upkeep.endWhatIsOver()
    await this.#upkeep.check(CHECK_MS)
    await this.#upkeep.markViewed()
    await this.#upkeep.endIdle()
    return this.#deps.clock() + STEP_MS
  }

  /** Disconnects all viewers, who can reconnect to the next manager. */
  stop(): void {
    this.#stopped = true
    this.#unlisten()
    for (const terminal of this.#running.values()) restart(terminal)
    this.#running.clear()
  }

  /** Called on each event: a reservation, a container or a token may have changed. */
  async #changed(): Promise<void> {
    await this.#upkeep.endWhatIsOver()
    await this.#upkeep.check(RECHECK_MS)
  }

  #add(row: Terminal, shell: RunningShell, { reservation }: Place): RunningTerminal {
    const { clock } = this.#deps
    const terminal = new RunningTerminal(row, shell, {
      clock,
      onInput: keepAliveBy(this.#deps, reservation),
      onShellEnd: (code) => void this.#shellEnded(row, code),
    })
    this.#running.set(row.id, terminal)
    if (this.#stopped) restart(terminal)
    // Its reservation may have ended while the shell started.
    void this.#upkeep.endWhatIsOver()
    return terminal
  }

  #resume(row: Terminal, by: Identity): Promise<RunningTerminal> {
    const resuming = this.#resuming.get(row.id) ?? this.#takeOver(row, by).finally(() => this.#resuming.delete(row.id))
    this.#resuming.set(row.id, resuming)
    return resuming
  }

  async #takeOver(row: Terminal, by: Identity): Promise<RunningTerminal> {
    const place = await placeOfTerminal(this.#deps, row, by)
    const shell = await resumeShell(this.#deps, place, row)
    this.#deps.log.info(`terminal in ${row.container} ${shell.lost ? 'started again' : 'taken over'}`, {
      terminal: row.id,
    })
    const terminal = this.#add(row, shell, place)
    // The reservation may have ended while the shell was being resumed: then no viewer may be attached to it.
    await this.#upkeep.closeWhatIsOver().catch(() => undefined)
    return terminal
  }

  async #shellEnded(row: Terminal, code: number | null): Promise<void> {
    const { clock, localTime, store } = this.#deps
    const manager = await store.terminalManager(row.id).catch(() => 'own')
    // Its viewers can attach again, at that manager.
    if (manager === 'other') return this.#disconnect(row, 'restarting', 'the terminal was opened at another manager')
    const now = clock()
    const ending = await currentEnding(this.#deps, row).catch(() => null)
    if (ending === null && manager === 'none') return this.#upkeep.end(row, closedEnding(now, localTime))
    if (ending === null && code === null && row.persistent) {
      return this.#disconnect(row, 'unreachable', `the engine closed the connection to the shell in ${row.container}`)
    }
    await this.#upkeep.end(row, ending ?? endingOfShell(row.container, { code, now, localTime }))
  }

  /** Disconnects the viewers, who can attach again: only the connection to the shell was lost. */
  async #disconnect(row: Terminal, why: 'restarting' | 'unreachable', reason: string): Promise<void> {
    const terminal = this.#running.get(row.id)
    this.#running.delete(row.id)
    const wasViewed = (terminal?.viewers ?? 0) > 0
    terminal?.disconnect(why, reason)
    this.#deps.log.info(reason, { terminal: row.id })
    if (wasViewed) await this.#upkeep.recordView(row)
  }

  /** Returns the row of a terminal that the caller may use. `not_found`. */
  async #find(id: string, by: Identity): Promise<Terminal> {
    const row = this.#running.get(id)?.row ?? (await this.#deps.store.terminal(id))
    const place = row && (await placeOfTerminal(this.#deps, row, by).catch(() => null))
    if (!row || !place) throw new BerthError('not_found', 'there is no such terminal')
    return row
  }

  #view(row: Terminal, username: string): TerminalView {
    return { ...row, username, viewers: this.#running.get(row.id)?.viewers ?? 0 }
  }
}

function restart(terminal: RunningTerminal): void {
  terminal.disconnect('restarting', 'the manager restarts')
}
