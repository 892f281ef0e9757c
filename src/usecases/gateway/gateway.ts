/** The gateway: decides which connections to SSH ports are forwarded and to which address, and when they are over. */
import { BerthError } from '../../domain/errors.ts'
import { dueEnd } from '../../domain/reservation.ts'
import type { LocalTime } from '../../domain/text/local-time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Engine, SshAddress } from '../../ports/engine.ts'
import type { Log } from '../../ports/log.ts'
import type { Store } from '../../ports/store.ts'
import { lentContainer } from '../active/lent-container.ts'
import { type ConnectionEnding, type OpenConnection, OpenConnections } from '../doors/open-connections.ts'
import { type Attempt, ConnectionLimits } from './limits.ts'

/** Interval of `step`. A connection that was opened right after a step is closed at most this late. */
const STEP_MS = 1_000

export interface GatewayDeps {
  readonly store: Pick<Store, 'snapshot' | 'reservation' | 'onEvents'>
  readonly engine: Pick<Engine, 'lentTo' | 'sshAddress'>
  readonly clock: Clock
  readonly log: Log
  readonly localTime: LocalTime
  /** Whether managers wait for this gateway when they end access: only then may it accept connections. */
  readonly isRegistered: () => boolean
}

/** A connection that may be dialled. */
export interface AcceptedConnection {
  readonly address: SshAddress
  /**
   * Called when sshd's address has accepted the connection, before any byte is forwarded. Throws if the connection may
   * lead to another container: the address was reused meanwhile, or the reservation is over.
   */
  confirm(): Promise<void>
  /** The connection was closed. */
  leave(): void
}

interface Forwarded extends OpenConnection {
  readonly source: string
  readonly port: number
  /** Closes both of its sockets at once. */
  readonly close: () => void
}

/** Numbers since the gateway started, and of connections that are open now. */
export interface GatewayFigures {
  readonly open: number
  readonly accepted: number
  readonly refused: number
  /** Connections that the gateway has closed because they were over. */
  readonly cut: number
}

export class Gateway {
  readonly #deps: GatewayDeps
  readonly #open: OpenConnections<Forwarded>
  readonly #limits: ConnectionLimits
  readonly #unlisten: () => void
  /** Number of connections whose reservation is being looked up. */
  #pending = 0
  #isStopped = false
  #accepted = 0
  #refused = 0
  #cut = 0

  constructor(deps: GatewayDeps) {
    this.#deps = deps
    this.#open = new OpenConnections(deps, (connection, ending) => this.#close(connection, ending))
    this.#limits = new ConnectionLimits(deps.clock)
    // A database that cannot be read now is read again in the next step.
    this.#unlisten = deps.store.onEvents(() => void this.closeWhatIsOver().catch(() => undefined))
  }

  get figures(): GatewayFigures {
    return { open: this.#open.size, accepted: this.#accepted, refused: this.#refused, cut: this.#cut }
  }

  /** Returns the ports of all containers. */
  async ports(): Promise<ReadonlySet<number>> {
    const { containers } = await this.#deps.store.snapshot()
    return new Set(containers.map(({ port }) => port))
  }

  /**
   * Returns where to dial for a connection to this port, and calls `close` when it is over. Throws `rate_limited`,
   * `not_found`, `not_active`, `conflict` while the container is being replaced or down, `engine_unavailable`,
   * `database_unavailable`.
   */
  async accept(attempt: Attempt, close: () => void): Promise<AcceptedConnection> {
    this.#pending += 1
    try {
      this.#assertRoom(attempt)
      const accepted = await this.#admit(attempt, close)
      this.#accepted += 1
      return accepted
    } catch (error) {
      this.#refused += 1
      throw error
    } finally {
      this.#pending -= 1
    }
  }

  /** Closes connections that are over. Returns when to call it again. */
  async step(): Promise<number> {
    await this.closeWhatIsOver().catch(() => undefined)
    return Math.min(this.#deps.clock() + STEP_MS, this.#open.nextDue())
  }

  /** See `OpenConnections`. */
  closeWhatIsOver(): Promise<void> {
    return this.#open.closeWhatIsOver()
  }

  /** See `OpenConnections`. */
  closeOverdue(): number {
    return this.#open.closeOverdue()
  }

  /** Closes all connections. */
  stop(): void {
    this.#isStopped = true
    this.#unlisten()
    for (const connection of [...this.#open]) {
      this.#open.delete(connection)
      connection.close()
    }
  }

  async #admit({ port, source }: Attempt, close: () => void): Promise<AcceptedConnection> {
    const { store, engine, log } = this.#deps
    const name = (await store.snapshot()).containers.find((each) => each.port === port)?.name ?? ''
    // sshd determines whether the caller may log in.
    const { reservation, container } = await lentContainer(this.#deps, name, { mayUse: () => true, purpose: 'SSH' })
    const { generation, engineId } = container
    const dueAt = dueEnd(reservation)?.at ?? Number.POSITIVE_INFINITY
    const connection = { container: name, reservation: reservation.id, generation, dueAt, source, port, close }
    // Before the engine is asked: the reservation may end meanwhile.
    this.#open.add(connection)
    try {
      if (this.#isStopped) throw new BerthError('not_active', 'this gateway stops')
      if (!this.#deps.isRegistered()) {
        throw new BerthError('database_unavailable', 'this gateway could not renew its row in the database')
      }
      const address = await engine.sshAddress(engineId)
      if (address === null) throw new BerthError('conflict', `${name} is down`)
      const confirm = async () => {
        const [again] = await Promise.all([engine.sshAddress(engineId), this.#open.closeThoseOver([connection])])
        if (!this.#open.has(connection)) throw new BerthError('not_active', 'it was over before it was open')
        const isSame = again?.host === address.host && again.port === address.port
        if (!isSame) throw new BerthError('conflict', `${name} has another address now`)
        log.info(`connection to ${name} from ${source}`, { container: name, reservation: reservation.id, source })
      }
      return { address, confirm, leave: () => void this.#open.delete(connection) }
    } catch (error) {
      this.#open.delete(connection)
      throw error
    }
  }

  #assertRoom(attempt: Attempt): void {
    const { log } = this.#deps
    // Counted by port, because the rows have not been read yet. This attempt is one of the pending ones.
    const ofContainer = [...this.#open].filter(({ port }) => port === attempt.port).length
    const exceeded = this.#limits.exceeded(attempt, { all: this.#open.size + this.#pending - 1, ofContainer })
    if (exceeded === null) return
    const { limit, isFirst } = exceeded
    if (isFirst) log.warn(`connections from ${attempt.source} are refused: more than ${limit}`, { ...attempt })
    throw new BerthError('rate_limited', `more than ${limit}`)
  }

  #close({ container, reservation, source, close }: Forwarded, { reason }: ConnectionEnding): void {
    this.#cut += 1
    close()
    this.#deps.log.info(`closed the connection to ${container} from ${source}: ${reason}`, {
      container,
      reservation,
      source,
    })
  }
}
