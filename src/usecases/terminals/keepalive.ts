import type { Reservation } from '../../domain/reservation.ts'
import type { TerminalsDeps } from './types.ts'

/** Interval of the keepalive calls that typing causes. */
const KEEPALIVE_MS = 10_000

/** Returns what to call for each input: it counts as a keepalive call of the reservation, where that needs any. */
export function keepAliveBy(
  { store, clock }: Pick<TerminalsDeps, 'store' | 'clock'>,
  { id, keepaliveMs }: Pick<Reservation, 'id' | 'keepaliveMs'>,
): () => void {
  let last = Number.NEGATIVE_INFINITY
  return () => {
    const now = clock()
    if (keepaliveMs === null || now - last < KEEPALIVE_MS) return
    last = now
    // The next input tries again.
    store.keepAlive(id, now).catch(() => undefined)
  }
}
