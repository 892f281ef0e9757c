/** Ends terminals that are over or idle, including those of earlier managers. Records when terminals have viewers. */
import { reasonOf } from '../../domain/errors.ts'
import type { Terminal } from '../../domain/terminal/terminal.ts'
import { currentEnding } from './current-ending.ts'
import { endingOf, idleEnding, type TerminalEnding } from './ending.ts'
import { isIdleElsewhere, MARK_MS } from './idle.ts'
import { endLogin } from './login.ts'
import { type Place, placeOfTerminal } from './place.ts'
import type { RunningTerminal } from './running-terminal.ts'
import type { TerminalsDeps } from './types.ts'

export class Upkeep {
  readonly #deps: TerminalsDeps
  readonly #running: Map<string, RunningTerminal>
  readonly #isResuming: (id: string) => boolean
  readonly #startedAt: number
  /** When `markViewed` last recorded the terminals with viewers; epoch milliseconds. */
  #markedAt: number
  #checking = false
  #checkAgain = false

  constructor(deps: TerminalsDeps, running: Map<string, RunningTerminal>, isResuming: (id: string) => boolean) {
    this.#deps = deps
    this.#running = running
    this.#isResuming = isResuming
    this.#startedAt = this.#markedAt = deps.clock()
  }

  /** Returns the rows of all terminals by their ids. */
  async rows(): Promise<Map<string, Terminal>> {
    const stored = await this.#deps.store.allTerminals()
    const running = [...this.#running.values()].map(({ row }) => row)
    return new Map([...stored, ...running].map((row) => [row.id, row]))
  }

  /** Ends the terminals whose reservation or container is over, once for all events that arrive meanwhile. */
  async endWhatIsOver(): Promise<void> {
    this.#checkAgain = true
    if (this.#checking) return
    this.#checking = true
    while (this.#checkAgain) {
      this.#checkAgain = false
      // A database that cannot be read now is read again with the next event or step.
      const rows = await this.rows().catch(() => new Map<string, Terminal>())
      for (const row of rows.values()) {
        const ending = await currentEnding(this.#deps, row).catch(() => null)
        if (ending) await this.end(row, ending)
      }
    }
    this.#checking = false
  }

  /**
   * Closes the connections to running terminals that are over, without waiting until their ends are recorded. Rejects
   * if the rows cannot be read.
   */
  async closeWhatIsOver(): Promise<void> {
    if (this.#running.size === 0) return
    const { containers, reservations } = await this.#deps.store.snapshot()
    const facts = { now: this.#deps.clock(), localTime: this.#deps.localTime }
    const closings = [...this.#running.values()].map(async ({ row }) => {
      const container = containers.find(({ name }) => name === row.container) ?? null
      const reservation = reservations.find(({ id }) => id === row.reservation) ?? null
      // Its row has left the snapshot if the end is recorded.
      const ending = endingOf(row, { ...facts, container, reservation }) && (await currentEnding(this.#deps, row))
      if (ending) void this.end(row, ending)
    })
    await Promise.all(closings)
  }

  /** Records every MARK_MS which terminals have viewers, for the next manager. */
  async markViewed(): Promise<void> {
    const { store, clock } = this.#deps
    const now = clock()
    if (now - this.#markedAt < MARK_MS) return
    const viewed = [...this.#running.values()].filter(({ viewers }) => viewers > 0).map(({ row }) => row.id)
    try {
      if (viewed.length > 0) await store.markViewed(viewed, now)
      this.#markedAt = now
    } catch {
      // The next step retries.
    }
  }

  /** Records that this terminal has, or had just now, a viewer. If that fails, it may become idle MARK_MS earlier. */
  async recordView({ id }: Terminal): Promise<void> {
    const { store, clock } = this.#deps
    await store.markViewed([id], clock()).catch(() => undefined)
  }

  /** Ends the terminals that have had no viewer for too long. */
  async endIdle(): Promise<void> {
    const { clock, localTime } = this.#deps
    const now = clock()
    const rows = await this.rows().catch(() => new Map<string, Terminal>())
    for (const row of rows.values()) {
      const running = this.#running.get(row.id)
      const isIdle = running ? running.isIdle(now) : isIdleElsewhere(row, { startedAt: this.#startedAt, now })
      if (!isIdle || this.#isResuming(row.id)) continue
      const place = await placeOfTerminal(this.#deps, row, null).catch(() => null)
      await this.end(row, idleEnding(now, localTime))
      // Not awaited: an engine that does not answer would delay the checks of all viewers.
      if (place) void this.hangUp(row, place)
    }
  }

  /** Sends the reason to the viewers, and records the end. */
  async end(row: Terminal, ending: TerminalEnding, by?: string): Promise<void> {
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

  /** Ends the processes of the terminal. */
  async hangUp(row: Terminal, { container, reservation }: Place): Promise<void> {
    const { engine, log } = this.#deps
    try {
      await endLogin(engine, { container: container.engineId, username: reservation.username, id: row.id })
    } catch (error) {
      log.warn(`a shell in ${row.container} may still be running`, { terminal: row.id, reason: reasonOf(error) })
    }
  }

  /** Pings viewers, and disconnects those that are no longer allowed. */
  async check(checkMs: number): Promise<void> {
    const now = this.#deps.clock()
    await Promise.all([...this.#running.values()].map((each) => each.check(now, checkMs)))
  }
}
