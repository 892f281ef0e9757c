import type { Reservation } from '../../domain/reservation.ts'
import type { TerminalsDeps } from './types.ts'

/** Minimum interval between keepalive calls that input causes. */
const KEEPALIVE_MS = 10_000

/** Returns a function to call on each input. It records a keepalive call if the reservation requires them. */
export function keepAliveBy(
  { store, clock }: Pick<TerminalsDeps, 'store' | 'clock'>,
  { id, keepaliveMs }: Pick<Reservation, 'id' | 'keepaliveMs'>,
): () => void {
  let last = Number.NEGATIVE_INFINITY
  return () => {
    const now = clock()
    if (keepaliveMs === null || now - last < KEEPALIVE_MS) return
    last = now
    // The next input retries.
    store.keepAlive(id, now).catch(() => undefined)
  }
}
