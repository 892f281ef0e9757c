/** Terminals: opens shells in reserved containers, keeps them for their viewers, and ends them with the reservation. */
import { BerthError, reasonOf } from '../../domain/errors.ts'
import type { Identity } from '../../domain/identity.ts'
import type { Terminal, TerminalSize } from '../../domain/terminal/terminal.ts'
import { currentEnding } from './current-ending.ts'
import { closedEnding, endingOfShell, idleEnding, type TerminalEnding } from './ending.ts'
import { keepAliveBy } from './keepalive.ts'
import { assertRoom, assertRoomForViewer } from './limits.ts'
import { endLogin, startLogin } from './login.ts'
import { openShell } from './open-shell.ts'
import { type Place, placeOf, placeOfTerminal } from './place.ts'
import { type Attachment, RunningTerminal } from './running-terminal.ts'
import { type TicketHolder, Tickets } from './tickets.ts'
import type { TerminalsDeps, TerminalView } from './types.ts'
import type { Connection } from './viewer.ts'

/** Interval of checks whether a viewer is still allowed; with that of `step`, at most 15 s. */
const CHECK_MS = 10_000
/** Minimum time between checks of a viewer that changes in the database cause. */
const RECHECK_MS = 1_000
/** Interval of `step` while there are terminals. */
const STEP_MS = 5_000
/** Size of a shell of an earlier manager, until a viewer sends its own. */
const DEFAULT_SIZE = { cols: 80, rows: 24 }

export class Terminals {
  readonly #deps: TerminalsDeps
  readonly #tickets: Tickets
  readonly #running = new Map<string, RunningTerminal>()
  readonly #opening = new Set<Pick<Terminal, 'reservation' | 'container'>>()
  /** Shells of an earlier manager that are being taken over, by id of the terminal. */
  readonly #resuming = new Map<string, Promise<RunningTerminal>>()
  readonly #unlisten: () => void
  #checking = false
  #checkAgain = false
  #stopped = false

  constructor(deps: TerminalsDeps) {
    this.#deps = deps
    this.#tickets = new Tickets(deps.clock)
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
    holder: TicketHolder,
  ): Promise<TerminalView & { readonly ticket: string }> {
    const { log } = this.#deps
    const place = await placeOf(this.#deps, name, holder.by)
    const { reservation } = place
    const opening = { reservation: reservation.id, container: name }
    assertRoom([...this.#opening, ...[...this.#running.values()].map(({ row }) => row)], place)
    this.#opening.add(opening)
    try {
      const { row, ...shell } = await openShell(this.#deps, place, { size, by: holder.by })
      this.#add(row, { ...shell, size, lost: false }, place)
      void this.#endWhatIsOver()
      const { id } = row
      log.info(`terminal in ${name} opened by ${holder.by.name}`, { terminal: id, container: name, by: holder.by.name })
      return { ...this.#view(row, reservation.username), ticket: this.#tickets.issue(id, holder) }
    } finally {
      this.#opening.delete(opening)
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
  async ticket(id: string, holder: TicketHolder): Promise<string> {
    await this.#find(id, holder.by)
    return this.#tickets.issue(id, holder)
  }

  /** Uses up a ticket, and returns its holder. `unauthorized`. */
  redeem(ticket: string, id: string): Promise<TicketHolder> {
    return this.#tickets.redeem(ticket, id)
  }

  /**
   * Attaches a viewer. Takes over a shell of an earlier manager, or starts it again if it was lost. `not_found`,
   * `rate_limited`, `guest_failed`, `engine_unavailable`.
   */
  async attach(id: string, holder: TicketHolder, connection: Connection): Promise<Attachment> {
    const row = await this.#find(id, holder.by)
    const terminal = this.#running.get(id) ?? (await this.#resume(row, holder.by))
    assertRoomForViewer({ here: terminal.viewers, all: this.counts.viewers })
    return terminal.attach(connection, holder)
  }

  /** Ends the shell and what runs in it. `not_found`. */
  async close(id: string, by: Identity): Promise<void> {
    const { clock, localTime } = this.#deps
    const row = await this.#find(id, by)
    const place = await placeOfTerminal(this.#deps, row, by)
    await this.#end(row, closedEnding(clock(), localTime), by.name)
    await this.#hangUp(row, place)
  }

  /** Checks viewers and shells. Returns when to call it again, epoch milliseconds. */
  async step(): Promise<number> {
    if (this.#running.size === 0) return Number.POSITIVE_INFINITY
    const { clock, localTime } = this.#deps
    await this.#endWhatIsOver()
    await this.#check(CHECK_MS)
    const now = clock()
    for (const terminal of this.#running.values()) {
      if (!terminal.isIdle(now)) continue
      const { row } = terminal
      const place = await placeOfTerminal(this.#deps, row, null).catch(() => null)
      await this.#end(row, idleEnding(now, localTime))
      if (place) await this.#hangUp(row, place)
    }
    return clock() + STEP_MS
  }

  /** Disconnects all viewers, who can reconnect to the next manager. */
  stop(): void {
    this.#stopped = true
    this.#unlisten()
    for (const terminal of this.#running.values()) terminal.detach()
    this.#running.clear()
  }

  /** Called on each event: a reservation, a container or a token may have changed. */
  async #changed(): Promise<void> {
    await this.#endWhatIsOver()
    await this.#check(RECHECK_MS)
  }

  async #check(checkMs: number): Promise<void> {
    const now = this.#deps.clock()
    await Promise.all([...this.#running.values()].map((each) => each.check(now, checkMs)))
  }

  #add(
    row: Terminal,
    start: ConstructorParameters<typeof RunningTerminal>[1],
    { reservation }: Place,
  ): RunningTerminal {
    const { clock } = this.#deps
    const terminal = new RunningTerminal(row, start, {
      clock,
      onInput: keepAliveBy(this.#deps, reservation),
      onShellEnd: (code) => void this.#shellEnded(row, code),
    })
    this.#running.set(row.id, terminal)
    if (this.#stopped) terminal.detach()
    return terminal
  }

  #resume(row: Terminal, by: Identity): Promise<RunningTerminal> {
    const resuming = this.#resuming.get(row.id) ?? this.#takeOver(row, by).finally(() => this.#resuming.delete(row.id))
    this.#resuming.set(row.id, resuming)
    return resuming
  }

  async #takeOver(row: Terminal, by: Identity): Promise<RunningTerminal> {
    const { engine, log } = this.#deps
    const place = await placeOfTerminal(this.#deps, row, by)
    // Its processes outlived the connection of the earlier manager, and no viewer could reach them.
    if (!row.persistent) await this.#hangUp(row, place)
    const login = { container: place.container.engineId, username: place.reservation.username, id: row.id }
    const { shell, output, isNew } = await startLogin(engine, { ...login, size: DEFAULT_SIZE })
    log.info(`terminal in ${row.container} ${isNew ? 'started again' : 'taken over'}`, { terminal: row.id })
    return this.#add(row, { shell, output, size: DEFAULT_SIZE, lost: isNew }, place)
  }

  async #shellEnded(row: Terminal, code: number | null): Promise<void> {
    const { clock, localTime } = this.#deps
    const now = clock()
    const ending = await currentEnding(this.#deps, row).catch(() => null)
    await this.#end(row, ending ?? endingOfShell(row.container, { code, now, localTime }))
  }

  /** Ends the terminals whose reservation or container is over, once for all events that arrive meanwhile. */
  async #endWhatIsOver(): Promise<void> {
    this.#checkAgain = true
    if (this.#checking) return
    this.#checking = true
    while (this.#checkAgain) {
      this.#checkAgain = false
      for (const { row } of this.#running.values()) {
        // A database that cannot be read now is read again with the next event or step.
        const ending = await currentEnding(this.#deps, row).catch(() => null)
        if (ending) await this.#end(row, ending)
      }
    }
    this.#checking = false
  }

  async #end(row: Terminal, ending: TerminalEnding, by?: string): Promise<void> {
    const { store, log, clock } = this.#deps
    const terminal = this.#running.get(row.id)
    this.#running.delete(row.id)
    terminal?.end(ending)
    try {
      await store.removeTerminal(row.id, { detail: ending.why, ...(by !== undefined && { by }) }, clock())
    } catch (error) {
      log.warn('the end of a terminal could not be recorded', { terminal: row.id, reason: reasonOf(error) })
    }
  }

  async #hangUp(row: Terminal, { container, reservation }: Place): Promise<void> {
    const { engine, log } = this.#deps
    try {
      await endLogin(engine, { container: container.engineId, username: reservation.username, id: row.id })
    } catch (error) {
      log.warn(`a shell in ${row.container} may still be running`, { terminal: row.id, reason: reasonOf(error) })
    }
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
