/** Terminals: opens shells in reserved containers, keeps them for their viewers, and ends them with the reservation. */
import { BerthError, reasonOf } from '../../domain/errors.ts'
import type { Identity } from '../../domain/identity.ts'
import type { Terminal, TerminalSize } from '../../domain/terminal/terminal.ts'
import { currentEnding, placeOfTerminal } from './current.ts'
import { closed, endingOfShell, idle, type TerminalEnding } from './ending.ts'
import { type Place, placeOf } from './holder.ts'
import { keepAliveBy } from './keepalive.ts'
import { assertRoom, assertRoomForViewer } from './limits.ts'
import { endLogin, startLogin } from './login.ts'
import { openShell } from './opening.ts'
import { type Attachment, TerminalSession } from './session.ts'
import { type Access, Tickets } from './tickets.ts'
import type { TerminalsDeps, TerminalView } from './types.ts'
import type { Connection } from './viewer.ts'

/** With the interval of `step`, a viewer is checked at least every 15 s. */
const CHECK_MS = 10_000
/** Least time between checks of a viewer that changes cause. */
const CHECK_AGAIN_MS = 1_000
/** Interval of `step` while there are terminals. */
const STEP_MS = 5_000
/** Size of a shell that is started again, until its viewer says another one. */
const DEFAULT_SIZE = { cols: 80, rows: 24 }

export class Terminals {
  readonly #deps: TerminalsDeps
  readonly #tickets: Tickets
  readonly #sessions = new Map<string, TerminalSession>()
  readonly #opening = new Set<Pick<Terminal, 'reservation' | 'container'>>()
  /** Shells of an earlier manager that are being taken over. */
  readonly #resuming = new Map<string, Promise<TerminalSession>>()
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
    const sessions = [...this.#sessions.values()]
    return { terminals: sessions.length, viewers: sessions.reduce((sum, { viewers }) => sum + viewers, 0) }
  }

  /**
   * Opens a shell as the account of the caller's reservation, and returns a ticket for its first viewer. `not_found`,
   * `not_active`, `conflict`, `rate_limited`, `guest_failed`, `engine_unavailable`.
   */
  async open(name: string, size: TerminalSize, access: Access): Promise<TerminalView & { readonly ticket: string }> {
    const { log } = this.#deps
    const place = await placeOf(this.#deps, name, access.by)
    const { reservation } = place
    const opening = { reservation: reservation.id, container: name }
    assertRoom([...this.#opening, ...[...this.#sessions.values()].map(({ row }) => row)], place)
    this.#opening.add(opening)
    try {
      const { row, ...shell } = await openShell(this.#deps, place, { size, by: access.by })
      this.#add(row, { ...shell, size, lost: false }, place)
      void this.#endWhatIsOver()
      const { id } = row
      log.info(`terminal in ${name} opened by ${access.by.name}`, { terminal: id, container: name, by: access.by.name })
      return { ...this.#view(row, reservation.username), ticket: this.#tickets.issue(id, access) }
    } finally {
      this.#opening.delete(opening)
    }
  }

  /** Returns the caller's terminals, oldest first, those of an earlier manager too. */
  async list(by: Identity): Promise<TerminalView[]> {
    const { store } = this.#deps
    const views = (await store.terminals(by.name)).map(async (row) => {
      const place = await placeOfTerminal(this.#deps, row, by).catch(() => null)
      return place ? [this.#view(row, place.reservation.username)] : []
    })
    return (await Promise.all(views)).flat()
  }

  /** Returns a ticket for one more viewer. `not_found`. */
  async ticket(id: string, access: Access): Promise<string> {
    await this.#find(id, access.by)
    return this.#tickets.issue(id, access)
  }

  /** Takes a ticket, once, and returns who got it. `unauthorized`. */
  redeem(ticket: string, id: string): Promise<Access> {
    return this.#tickets.redeem(ticket, id)
  }

  /**
   * Attaches a viewer. Shells of an earlier manager are found again, or started again where they are lost. `not_found`,
   * `rate_limited`, `guest_failed`, `engine_unavailable`.
   */
  async attach(id: string, access: Access, connection: Connection): Promise<Attachment> {
    const row = await this.#find(id, access.by)
    const session = this.#sessions.get(id) ?? (await this.#resume(row, access.by))
    assertRoomForViewer({ here: session.viewers, all: this.counts.viewers })
    return session.attach(connection, access)
  }

  /** Ends the shell and what runs in it. `not_found`. */
  async close(id: string, by: Identity): Promise<void> {
    const { clock, localTime } = this.#deps
    const row = await this.#find(id, by)
    const place = await placeOfTerminal(this.#deps, row, by)
    await this.#end(row, closed(clock(), localTime), by.name)
    await this.#hangUp(row, place)
  }

  /** Checks viewers and shells. Returns when to call it again, epoch milliseconds. */
  async step(): Promise<number> {
    if (this.#sessions.size === 0) return Number.POSITIVE_INFINITY
    const { clock, localTime } = this.#deps
    await this.#endWhatIsOver()
    await this.#check(CHECK_MS)
    const now = clock()
    for (const session of this.#sessions.values()) {
      if (!session.isIdle(now)) continue
      const { row } = session
      const place = await placeOfTerminal(this.#deps, row, null).catch(() => null)
      await this.#end(row, idle(now, localTime))
      if (place) await this.#hangUp(row, place)
    }
    return clock() + STEP_MS
  }

  /** Disconnects all viewers, who may come back to the next manager. */
  stop(): void {
    this.#stopped = true
    this.#unlisten()
    for (const session of this.#sessions.values()) session.detach()
    this.#sessions.clear()
  }

  /** A reservation, a container or a token may have changed. */
  async #changed(): Promise<void> {
    await this.#endWhatIsOver()
    await this.#check(CHECK_AGAIN_MS)
  }

  async #check(checkMs: number): Promise<void> {
    const now = this.#deps.clock()
    await Promise.all([...this.#sessions.values()].map((each) => each.check(now, checkMs)))
  }

  #add(
    row: Terminal,
    start: ConstructorParameters<typeof TerminalSession>[1],
    { reservation }: Place,
  ): TerminalSession {
    const { clock } = this.#deps
    const session = new TerminalSession(row, start, {
      clock,
      onTyped: keepAliveBy(this.#deps, reservation),
      onOver: (code) => void this.#shellEnded(row, code),
    })
    this.#sessions.set(row.id, session)
    if (this.#stopped) session.detach()
    return session
  }

  #resume(row: Terminal, by: Identity): Promise<TerminalSession> {
    const resuming = this.#resuming.get(row.id) ?? this.#takeOver(row, by).finally(() => this.#resuming.delete(row.id))
    this.#resuming.set(row.id, resuming)
    return resuming
  }

  async #takeOver(row: Terminal, by: Identity): Promise<TerminalSession> {
    const { engine, log } = this.#deps
    const place = await placeOfTerminal(this.#deps, row, by)
    // What is left of a shell that ends with its connection would go on unseen.
    if (!row.persistent) await this.#hangUp(row, place)
    const login = { container: place.container.engineId, username: place.reservation.username, id: row.id }
    const { shell, output, isNew } = await startLogin(engine, { ...login, size: DEFAULT_SIZE })
    log.info(`terminal in ${row.container} ${isNew ? 'started again' : 'found again'}`, { terminal: row.id })
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
      for (const { row } of this.#sessions.values()) {
        // A database that cannot be read now is read again with the next event or step.
        const ending = await currentEnding(this.#deps, row).catch(() => null)
        if (ending) await this.#end(row, ending)
      }
    }
    this.#checking = false
  }

  async #end(row: Terminal, ending: TerminalEnding, by?: string): Promise<void> {
    const { store, log, clock } = this.#deps
    const session = this.#sessions.get(row.id)
    this.#sessions.delete(row.id)
    session?.end(ending)
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
      log.warn(`a shell in ${row.container} may go on`, { terminal: row.id, reason: reasonOf(error) })
    }
  }

  /** Returns the row of a terminal that the caller may use. `not_found`. */
  async #find(id: string, by: Identity): Promise<Terminal> {
    const row = this.#sessions.get(id)?.row ?? (await this.#deps.store.terminal(id))
    const place = row && (await placeOfTerminal(this.#deps, row, by).catch(() => null))
    if (!row || !place) throw new BerthError('not_found', 'there is no such terminal')
    return row
  }

  #view(row: Terminal, username: string): TerminalView {
    return { ...row, username, viewers: this.#sessions.get(row.id)?.viewers ?? 0 }
  }
}
