/** Tunnels: SSH connections through the manager to reserved containers. They end with the reservation. */
import { BerthError } from '../../domain/errors.ts'
import { type Identity, maySee } from '../../domain/identity.ts'
import { dueEnd } from '../../domain/reservation.ts'
import { type LentContainer, lentContainer } from '../active/lent-container.ts'
import { type OpenConnection, OpenConnections } from '../doors/open-connections.ts'
import { assertRoomForTunnel } from './limits.ts'
import type { AdmittedTunnel, TunnelCaller, TunnelConnection, TunnelsDeps } from './types.ts'

/** Interval of checks whether a caller is still allowed. */
const CHECK_MS = 10_000
/** Minimum time between checks of a caller that changes in the database cause. */
const RECHECK_MS = 1_000
/** Interval of pings. Proxies close a connection that is silent for a minute. */
const PING_MS = 30_000
/** Interval of `step`. A tunnel that was opened right after a step is closed at most this late. */
const STEP_MS = 1_000

interface Tunnel extends OpenConnection {
  readonly caller: TunnelCaller
  readonly connection: TunnelConnection
  checkedAt: number
  pingedAt: number
}

export class Tunnels {
  readonly #deps: TunnelsDeps
  readonly #open: OpenConnections<Tunnel>
  readonly #unlisten: () => void
  #stopped = false

  constructor(deps: TunnelsDeps) {
    this.#deps = deps
    this.#open = new OpenConnections(deps, ({ connection }, { why, reason }) => connection.close(why, reason))
    this.#unlisten = deps.store.onEvents(() => void this.#changed())
  }

  /** Number of tunnels that are open. */
  get count(): number {
    return this.#open.size
  }

  /**
   * Throws unless the caller may open a tunnel now: `not_found` unless they own the reservation of the container or are
   * an admin, `not_active`, `conflict` while the container is being replaced, `rate_limited`.
   */
  async assertMayOpen(name: string, by: Identity): Promise<void> {
    await this.#place(name, by)
    this.#assertRoom(by)
  }

  /**
   * Returns where to dial, and closes `connection` when the tunnel is over. Reads the rows again and asks the engine,
   * because another container may have taken the address. Throws as `assertMayOpen` does, and `engine_unavailable`.
   */
  async open(name: string, caller: TunnelCaller, connection: TunnelConnection): Promise<AdmittedTunnel> {
    const { engine, log, clock } = this.#deps
    const { by } = caller
    const { reservation, container } = await this.#place(name, by)
    this.#assertRoom(by)
    const now = clock()
    const tunnel: Tunnel = {
      container: name,
      reservation: reservation.id,
      generation: container.generation,
      caller,
      connection,
      dueAt: dueEnd(reservation)?.at ?? Number.POSITIVE_INFINITY,
      checkedAt: now,
      pingedAt: now,
    }
    // Before the engine is asked: the reservation may end meanwhile.
    this.#open.add(tunnel)
    const leave = () => void this.#open.delete(tunnel)
    const closeIfOver = () => this.closeWhatIsOver().catch(() => undefined)
    try {
      const address = await engine.sshAddress(container.engineId)
      await this.#open.closeThoseOver([tunnel])
      if (!this.#open.has(tunnel)) throw new BerthError('not_active', 'the tunnel was over before it was open')
      if (address === null) throw new BerthError('conflict', `${name} is down; try again when it is back`)
      log.info(`tunnel to ${name} opened by ${by.name}`, { container: name, reservation: reservation.id, by: by.name })
      return { address, closeIfOver, leave }
    } catch (error) {
      leave()
      throw error
    }
  }

  /** Closes tunnels that are over, and pings the others. Returns when to call it again. */
  async step(): Promise<number> {
    const { clock } = this.#deps
    if (this.#open.size > 0) {
      // A database that cannot be read now is read again in the next step.
      await this.closeWhatIsOver().catch(() => undefined)
      await this.#checkCallers(CHECK_MS)
    }
    const now = clock()
    for (const tunnel of this.#open) {
      if (now - tunnel.pingedAt < PING_MS) continue
      tunnel.pingedAt = now
      tunnel.connection.ping()
    }
    return Math.min(now + STEP_MS, this.#open.nextDue())
  }

  /** See `OpenConnections`. */
  closeWhatIsOver(): Promise<void> {
    return this.#open.closeWhatIsOver()
  }

  /** See `OpenConnections`. */
  closeOverdue(): number {
    return this.#open.closeOverdue()
  }

  /** Closes all tunnels: their clients can open new ones at another manager. */
  stop(): void {
    this.#stopped = true
    this.#unlisten()
    for (const tunnel of this.#open) this.#close(tunnel, 'restarting', 'the manager stops')
  }

  /** Called on each event: a reservation, a container or a token may have changed. */
  async #changed(): Promise<void> {
    if (this.#open.size === 0) return
    await this.closeWhatIsOver().catch(() => undefined)
    await this.#checkCallers(RECHECK_MS)
  }

  async #checkCallers(intervalMs: number): Promise<void> {
    const now = this.#deps.clock()
    const due = [...this.#open].filter(({ checkedAt }) => now - checkedAt >= intervalMs)
    const answers = new Map<string, Promise<boolean>>()
    await Promise.all(
      due.map(async (tunnel) => {
        const { caller } = tunnel
        tunnel.checkedAt = now
        const answer = answers.get(caller.credential) ?? caller.isStillAllowed()
        answers.set(caller.credential, answer)
        if (await answer) return
        this.#close(tunnel, 'signed_out', 'the token that opened this tunnel is no longer valid')
      }),
    )
  }

  #close(tunnel: Tunnel, ...why: Parameters<TunnelConnection['close']>): void {
    if (this.#open.delete(tunnel)) tunnel.connection.close(...why)
  }

  #place(name: string, by: Identity): Promise<LentContainer> {
    return lentContainer(this.#deps, name, { mayUse: (reservation) => maySee(by, reservation), purpose: 'SSH' })
  }

  #assertRoom(by: Identity): void {
    if (this.#stopped) throw new BerthError('engine_unavailable', 'this manager stops; try again')
    const theirs = [...this.#open].filter(({ caller }) => caller.by.name === by.name)
    assertRoomForTunnel({ theirs: theirs.length, all: this.#open.size })
  }
}
