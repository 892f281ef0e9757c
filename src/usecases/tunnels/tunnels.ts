/** Tunnels: SSH connections through the manager to reserved containers. They end with the reservation. */
import { BerthError } from '../../domain/errors.ts'
import { type Identity, maySee } from '../../domain/identity.ts'
import { dueEnd } from '../../domain/reservation.ts'
import { type LentContainer, lentContainer } from '../active/lent-container.ts'
import { currentEnding } from '../terminals/current-ending.ts'
import { endingOf } from '../terminals/ending.ts'
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
/**
 * Time after the end of a reservation, as last read, at which its tunnels are closed although the database has not
 * answered since: a read may take 5 seconds to fail.
 */
const OVERDUE_MS = 250

interface Tunnel {
  /** Names what `currentEnding` looks up. */
  readonly container: string
  readonly reservation: string
  readonly generation: number
  readonly caller: TunnelCaller
  readonly connection: TunnelConnection
  /** End of its reservation, as last read. Applies while the database cannot be read. Epoch milliseconds. */
  dueAt: number
  checkedAt: number
  pingedAt: number
}

export class Tunnels {
  readonly #deps: TunnelsDeps
  readonly #open = new Set<Tunnel>()
  readonly #unlisten: () => void
  #stopped = false
  /** The check that is under way. */
  #checking: Promise<void> | null = null
  #checkAgain = false

  constructor(deps: TunnelsDeps) {
    this.#deps = deps
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
    try {
      const address = await engine.sshAddress(container.engineId)
      await this.#closeThoseOver([tunnel])
      if (!this.#open.has(tunnel)) throw new BerthError('not_active', 'the tunnel was over before it was open')
      if (address === null) throw new BerthError('conflict', `${name} is down; try again when it is back`)
      log.info(`tunnel to ${name} opened by ${by.name}`, { container: name, reservation: reservation.id, by: by.name })
      return { address, leave }
    } catch (error) {
      leave()
      throw error
    }
  }

  /** Closes tunnels that are over, and pings the others. Returns when to call it again. */
  async step(): Promise<number> {
    const { clock } = this.#deps
    if (this.#open.size > 0) {
      await this.#closeWhatIsOver()
      await this.#checkCallers(CHECK_MS)
    }
    const now = clock()
    for (const tunnel of this.#open) {
      if (now - tunnel.pingedAt < PING_MS) continue
      tunnel.pingedAt = now
      tunnel.connection.ping()
    }
    const dueAts = [...this.#open].map(({ dueAt }) => dueAt)
    return Math.min(now + STEP_MS, ...dueAts)
  }

  /** Closes tunnels that `step` would have closed by now if the database answered. Returns when to call it again. */
  closeOverdue(): number {
    const { clock, log } = this.#deps
    const now = clock()
    for (const tunnel of this.#open) {
      if (now < tunnel.dueAt + OVERDUE_MS) continue
      const { container, reservation } = tunnel
      log.warn(`tunnel to ${container} closed, at the end that was last read`, { container, reservation })
      this.#close(tunnel, 'over', this.#endAsLastRead(tunnel))
    }
    return Math.min(now + STEP_MS, ...[...this.#open].map(({ dueAt }) => dueAt + OVERDUE_MS))
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
    await this.#closeWhatIsOver()
    await this.#checkCallers(RECHECK_MS)
  }

  /** Closes tunnels whose reservation or container is over, once for all events that arrive meanwhile. */
  #closeWhatIsOver(): Promise<void> {
    this.#checkAgain = true
    this.#checking ??= this.#check()
    return this.#checking
  }

  async #check(): Promise<void> {
    try {
      while (this.#checkAgain) {
        this.#checkAgain = false
        await this.#closeThoseOver([...this.#open])
      }
    } finally {
      this.#checking = null
    }
  }

  /** Reads the rows once for all of these tunnels: there may be a thousand. */
  async #closeThoseOver(tunnels: readonly Tunnel[]): Promise<void> {
    const { store, clock, localTime } = this.#deps
    // A database that cannot be read now is read again in the next step.
    const snapshot = await store.snapshot().catch(() => null)
    const containers = new Map(snapshot?.containers.map((container) => [container.name, container]))
    const reservations = new Map(snapshot?.reservations.map((reservation) => [reservation.id, reservation]))
    for (const tunnel of tunnels) {
      const now = clock()
      const reservation = reservations.get(tunnel.reservation) ?? null
      const facts = { reservation, container: containers.get(tunnel.container) ?? null, now, localTime }
      if (snapshot === null ? now < tunnel.dueAt : endingOf(tunnel, facts) === null) {
        tunnel.dueAt = (reservation && dueEnd(reservation)?.at) ?? tunnel.dueAt
        continue
      }
      await this.#closeOver(tunnel)
    }
  }

  async #closeOver(tunnel: Tunnel): Promise<void> {
    // Its row has left the snapshot if the end is recorded.
    const ending = await currentEnding(this.#deps, tunnel).catch(() => undefined)
    // It was extended meanwhile.
    if (ending === null) return
    const isReplaced = ending?.why === 'replaced' || ending?.why === 'reset'
    this.#close(tunnel, isReplaced ? 'replaced' : 'over', ending?.reason ?? this.#endAsLastRead(tunnel))
  }

  #endAsLastRead({ dueAt }: Tunnel): string {
    return `The reservation ended at ${this.#deps.localTime.timeOfDay(dueAt)}.`
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
