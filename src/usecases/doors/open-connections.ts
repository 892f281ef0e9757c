/** Connections of tenants that are open at one door of this process: closes those that are over. */
import { shareRuns } from '../../domain/concurrency.ts'
import { dueEnd, isDue } from '../../domain/reservation.ts'
import type { LocalTime } from '../../domain/text/local-time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Store } from '../../ports/store.ts'
import { currentEnding } from '../terminals/current-ending.ts'
import { endingOf, type TerminalEnding } from '../terminals/ending.ts'

/**
 * Time after the end of a reservation, as last read, at which its connections are closed although the database has not
 * answered since: a read may take 5 seconds to fail.
 */
const OVERDUE_AFTER_MS = 250
/** Interval of checks for overdue connections, if none is due earlier. */
const CHECK_INTERVAL_MS = 1_000

/** A connection to the container of a reservation. */
export interface OpenConnection {
  readonly container: string
  readonly reservation: string
  readonly generation: number
  /** End of its reservation, as last read. Applies while the database cannot be read. Epoch milliseconds. */
  dueAt: number
}

/** Why a connection is over: its reservation has ended, or its container was reset or replaced. */
export interface ConnectionEnding {
  readonly why: 'over' | 'replaced'
  /** Sentence for the tenant. */
  readonly reason: string
}

export interface OpenConnectionsDeps {
  readonly store: Pick<Store, 'snapshot' | 'reservation'>
  readonly clock: Clock
  readonly localTime: LocalTime
  readonly log: Log
}

export class OpenConnections<Connection extends OpenConnection> implements Iterable<Connection> {
  readonly #deps: OpenConnectionsDeps
  readonly #close: (connection: Connection, ending: ConnectionEnding) => void
  readonly #open = new Set<Connection>()
  /**
   * Closes connections whose reservation or container is over, once for all calls that arrive meanwhile. Resolves after
   * a check that began after the call. If the rows cannot be read, goes by those that were read last, and rejects.
   */
  readonly closeWhatIsOver = shareRuns(() => this.#check())

  /** `close` closes a connection, and must not wait. */
  constructor(deps: OpenConnectionsDeps, close: (connection: Connection, ending: ConnectionEnding) => void) {
    this.#deps = deps
    this.#close = close
  }

  get size(): number {
    return this.#open.size
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#open[Symbol.iterator]()
  }

  add(connection: Connection): void {
    this.#open.add(connection)
  }

  has(connection: Connection): boolean {
    return this.#open.has(connection)
  }

  /** Returns whether it was open. */
  delete(connection: Connection): boolean {
    return this.#open.delete(connection)
  }

  /** Does the same for these connections at once, even during another check. Reads the rows once for all of them. */
  async closeThoseOver(connections: readonly Connection[]): Promise<void> {
    const { store, clock, localTime } = this.#deps
    const snapshot = await store.snapshot()
    const containers = new Map(snapshot.containers.map((container) => [container.name, container]))
    const reservations = new Map(snapshot.reservations.map((reservation) => [reservation.id, reservation]))
    const over: Connection[] = []
    for (const connection of connections) {
      const reservation = reservations.get(connection.reservation) ?? null
      const container = containers.get(connection.container) ?? null
      const now = clock()
      const ending = endingOf(connection, { reservation, container, now, localTime })
      if (ending === null) connection.dueAt = (reservation && dueEnd(reservation)?.at) ?? connection.dueAt
      // An active one may have been extended since the rows were read.
      else if (reservation && (reservation.state === 'ending' || !isDue(reservation, now)))
        this.#end(connection, ending)
      else over.push(connection)
    }
    const groups = Map.groupBy(over, ({ container, generation }) => `${container} ${generation}`)
    await Promise.all([...groups.values()].map((group) => this.#closeOver(group)))
  }

  /**
   * Closes connections of reservations that have ended `graceMs` ago according to the rows that were read last: the
   * database has not answered since. Waits for nothing. Returns when to call it again, in epoch milliseconds.
   */
  closeOverdue(graceMs = OVERDUE_AFTER_MS): number {
    const now = this.#deps.clock()
    let next = now + CHECK_INTERVAL_MS
    for (const connection of this.#open) {
      const overdueAt = connection.dueAt + graceMs
      if (now < overdueAt) {
        next = Math.min(next, overdueAt)
        continue
      }
      const { container, reservation } = connection
      const what = `a connection to ${container} is closed, at the end that was last read`
      this.#deps.log.warn(what, { container, reservation })
      this.#end(connection, { why: 'expired', reason: this.#endedAt(connection) })
    }
    return next
  }

  /** Returns when the next reservation ends, in epoch milliseconds; Infinity without connections. */
  nextDue(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.#open].map(({ dueAt }) => dueAt))
  }

  async #check(): Promise<void> {
    if (this.#open.size === 0) return
    try {
      await this.closeThoseOver([...this.#open])
    } catch (error) {
      this.closeOverdue(0)
      throw error
    }
  }

  /** Closes connections to one generation of a container. Reads why they are over once. */
  async #closeOver(connections: readonly Connection[]): Promise<void> {
    const [first] = connections
    if (first === undefined) return
    // Its row has left the snapshot if the end is recorded.
    const ending = await currentEnding(this.#deps, first).catch(() => undefined)
    // It was extended meanwhile.
    if (ending === null) return
    for (const each of connections) this.#end(each, ending ?? { why: 'expired', reason: this.#endedAt(first) })
  }

  #end(connection: Connection, { why, reason }: Pick<TerminalEnding, 'why' | 'reason'>): void {
    if (!this.#open.delete(connection)) return
    this.#close(connection, { why: why === 'replaced' || why === 'reset' ? 'replaced' : 'over', reason })
  }

  #endedAt({ dueAt }: Connection): string {
    const { clock, localTime } = this.#deps
    return `The reservation ended at ${localTime.timeOfDay(Math.min(dueAt, clock()))}.`
  }
}
