/** The two lists of the simple API. */
import { type Identity, maySee } from '../../domain/identity.ts'
import { holdersOf, isActive, type Reservation } from '../../domain/reservation.ts'
import type { Snapshot } from '../../domain/snapshot.ts'

const MINUTE_MS = 60_000

/**
 * Returns the reservations that are active at `now`. Of one snapshot they only become fewer as time goes on, in a fixed
 * order, so their number says which they are.
 */
export function activeAt({ reservations }: Snapshot, now: number): readonly Reservation[] {
  return reservations.filter((r) => isActive(r, now))
}

export function listAvailable({ containers }: Snapshot, active: readonly Reservation[]): object {
  const held = holdersOf(active)
  const available = containers.filter((c) => c.state === 'ready').map((c) => c.name)
  const reserved = containers.filter((c) => held.has(c.name)).map((c) => c.name)
  return { available, reserved }
}

/** `now` is what the remaining minutes are counted from. */
export function listReservations(
  { containers }: Snapshot,
  active: readonly Reservation[],
  { by, now }: { readonly by: Identity; readonly now: number },
): object {
  const holders = holdersOf(active.filter((r) => maySee(by, r)))
  const rows = containers.flatMap(({ name }) => {
    const holder = holders.get(name)
    if (!holder) return []
    const expiresAt = holder.expiresAt ?? now
    const minutesLeft = ((expiresAt - now) / MINUTE_MS).toFixed(1)
    return [
      {
        username: holder.username,
        container: name,
        expiration_time: localTime(expiresAt),
        time_remaining: `${minutesLeft} minutes remaining`,
      },
    ]
  })
  return { reservations: rows }
}

/** "2026-11-23 14:30:00" in the server's time zone. */
function localTime(epochMs: number): string {
  const time = new Date(epochMs)
  const two = (part: number) => String(part).padStart(2, '0')
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-')
  return `${day} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`
}
