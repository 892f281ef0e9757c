import type { Identity } from '../../domain/identity.ts'
import type { LocalTime } from '../../domain/text/local-time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Engine, SshAddress } from '../../ports/engine.ts'
import type { Log } from '../../ports/log.ts'
import type { Store } from '../../ports/store.ts'

export interface TunnelsDeps {
  readonly store: Pick<Store, 'snapshot' | 'reservation' | 'onEvents'>
  readonly engine: Pick<Engine, 'lentTo' | 'sshAddress'>
  readonly clock: Clock
  readonly log: Log
  readonly localTime: LocalTime
}

/** Who opens a tunnel, and whether their token is still accepted. */
export interface TunnelCaller {
  readonly by: Identity
  /** Names the token, so that one check serves all of its tunnels. */
  readonly credential: string
  isStillAllowed(): Promise<boolean>
}

/**
 * Why a tunnel is closed by the manager. `over`: its reservation has ended; `replaced`: its container was reset or
 * replaced; `signed_out`: its caller's token is no longer valid; `restarting`: the manager stops.
 */
export type TunnelClosing = 'over' | 'replaced' | 'signed_out' | 'restarting'

/** The WebSocket of a tunnel. No method waits. */
export interface TunnelConnection {
  /** Sends a ping. Terminates a connection that has sent nothing for the time of two pings. */
  ping(): void
  /** Ends the connection to sshd at once, and closes the WebSocket. */
  close(why: TunnelClosing, reason: string): void
}

/** A tunnel that may be dialled. */
export interface AdmittedTunnel {
  readonly address: SshAddress
  /**
   * Closes the connection with the reason if its reservation has ended, or if its container was reset or replaced. Call
   * it when sshd closes the connection: the engine may have ended the container before this manager was notified. If
   * the rows cannot be read, goes by those that were read last. Never rejects.
   */
  closeIfOver(): Promise<void>
  /** The connection was closed. */
  leave(): void
}
