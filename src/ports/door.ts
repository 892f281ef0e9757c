/** Port to the doors of an instance: everything that forwards connections of tenants to containers. */
import type { Reservation } from '../domain/reservation.ts'

/** The doors are the gateways, and each manager with its tunnels and terminals. */
export interface Door {
  /** Returns whether tenants have no way into this container but the doors, as far as this process knows. */
  guards(engineId: string): boolean
  /**
   * Resolves when no door has an open connection of a tenant to containers of this reservation, and none accepts one
   * any more. Its end must have been recorded before the call. A door that does not answer is not taken to have closed
   * its connections: the promise then stays pending until the signal is aborted, which rejects it.
   */
  cut(reservation: Reservation, signal: AbortSignal): Promise<void>
}
