/** What the seed's two lists say at one moment, and until when they say that. */
import { type Identity, maySee } from '../core/identity.ts'
import { dueEnd, holdersOf, isActive, type Reservation } from '../core/reservation.ts'
import type { Snapshot } from '../core/store.ts'
import type { Made } from './kept-answers.ts'

const MINUTE = 60_000

export function listAvailable({ containers, reservations }: Snapshot, now: number): Made {
  const active = reservations.filter((r) => isActive(r, now))
  const held = holdersOf(active)
  const available = containers.filter((c) => c.state === 'ready').map((c) => c.name)
  const reserved = containers.filter((c) => held.has(c.name)).map((c) => c.name)
  return { text: JSON.stringify({ available, reserved }), until: earliest(active.map(endOf)) }
}

export function listReservations({ containers, reservations }: Snapshot, by: Identity, now: number): Made {
  const active = reservations.filter((r) => maySee(by, r) && isActive(r, now))
  const holders = holdersOf(active)
  const rows = containers.flatMap(({ name }) => {
    const holder = holders.get(name)
    if (!holder) return []
    const expiresAt = holder.expiresAt ?? now
    return [
      {
        username: holder.username,
        container: name,
        expiration_time: localTime(expiresAt),
        time_remaining: `${minutesLeft(holder, now)} minutes remaining`,
      },
    ]
  })
  const until = earliest(active.map((r) => Math.min(endOf(r), nextTenth(r, now))))
  return { text: JSON.stringify({ reservations: rows }), until }
}

function minutesLeft({ expiresAt }: Reservation, now: number): string {
  return (((expiresAt ?? now) - now) / MINUTE).toFixed(1)
}

/** When the minutes that are left, with their one digit, become fewer: half a tenth below what is shown. */
function nextTenth(reservation: Reservation, now: number): number {
  const shown = Number(minutesLeft(reservation, now)) * MINUTE
  return (reservation.expiresAt ?? now) - Math.round(shown) + MINUTE / 20
}

function endOf(reservation: Reservation): number {
  return dueEnd(reservation)?.at ?? Number.POSITIVE_INFINITY
}

function earliest(times: readonly number[]): number {
  return times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY)
}

/** "2026-11-23 14:30:00" in the server's time zone. */
function localTime(epochMs: number): string {
  const time = new Date(epochMs)
  const two = (part: number) => String(part).padStart(2, '0')
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-')
  return `${day} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`
}
