/** What tenants read inside their containers, and when. Pure: texts and times. */
import { counted } from './text/counted.ts'
import { formatDuration } from './text/duration.ts'
import { forTerminal } from './text/foreign-text.ts'
import { ANONYMOUS } from './identity.ts'
import { isActive, type Reservation } from './reservation.ts'

const MINUTE_MS = 60_000
/** Times of the warnings before the end, the last one first. */
const WARNINGS_MS = [MINUTE_MS, 10 * MINUTE_MS]
/** A warning arrives a moment after its time: with up to this delay it still says "10 minutes". */
const MAX_DELAY_MS = 5_000

/** Something that the terminals have not shown yet. */
export interface Notification {
  /** The end that it announces. */
  readonly end: number
  /** The warning that is due, in milliseconds before the end; null if none is. */
  readonly left: number | null
  /** Whether the end was moved. */
  readonly extended: boolean
}

/** Returns the notification that is due now, or null. One notification covers everything that has become due. */
export function dueNotification(reservation: Reservation, now: number): Notification | null {
  const { expiresAt: end } = reservation
  if (end === null || !isActive(reservation, now)) return null
  const extended = isExtended(reservation)
  const left = warningsOf(reservation).find((before) => now >= end - before) ?? null
  if (extended) return { end, left, extended }
  return left !== null && left < lastNotified(reservation) ? { end, left, extended } : null
}

/** Returns when the next notification is due after `now`; Infinity if none is. */
export function nextNotificationAt(reservation: Reservation, now: number): number {
  const { expiresAt: end } = reservation
  if (end === null || !isActive(reservation, now)) return Number.POSITIVE_INFINITY
  const times = warningsOf(reservation)
    .filter((before) => before < lastNotified(reservation))
    .map((before) => end - before)
  return Math.min(...times.filter((time) => time > now), Number.POSITIVE_INFINITY)
}

/** Returns the warnings that lie within its time. A tenant is not warned of an end that was just requested. */
function warningsOf({ activeAt, expiresAt }: Reservation): number[] {
  return WARNINGS_MS.filter((before) => activeAt !== null && expiresAt !== null && activeAt < expiresAt - before)
}

function isExtended({ notifiedEnd, expiresAt }: Reservation): boolean {
  return notifiedEnd !== null && notifiedEnd !== expiresAt
}

/** Returns the last warning shown for the current end. Warnings for an earlier end do not count. */
function lastNotified(reservation: Reservation): number {
  return (isExtended(reservation) ? null : reservation.notifiedLeft) ?? Number.POSITIVE_INFINITY
}

/** Returns the text of /etc/motd, which every login shows. */
export function motdOf(
  { id, pool, owner, username, keepaliveMs }: Pick<Reservation, 'id' | 'pool' | 'owner' | 'username' | 'keepaliveMs'>,
  end: number,
): string {
  const holder = owner === username || owner === ANONYMOUS.name ? username : `${username} (${owner})`
  const lines = [
    '',
    `This container of pool ${pool} is held by ${holder} until ${minuteOf(end)}. Then it is destroyed.`,
    `To extend it: berth extend ${short(id)} --by 30m`,
    `          or: PATCH /v1/reservations/${id} {"extend": "30m"}`,
  ]
  if (keepaliveMs !== null) {
    lines.push(`It ends earlier unless every ${formatDuration(keepaliveMs)} a program calls`)
    lines.push(`              POST /v1/reservations/${id}/keepalive`)
  }
  return [...lines, ''].map((line) => `${forTerminal(line)}\n`).join('')
}

/** Returns the line for the open terminals. */
export function lineOf(
  { id, heldAt = null }: Pick<Reservation, 'id'> & Partial<Pick<Reservation, 'heldAt'>>,
  { end, left, extended }: Notification,
  now: number,
): string {
  // A hold may end earlier than the reservation would have.
  const news = extended ? [`${heldAt === null ? 'Extended' : 'On hold'} until ${minuteOf(end)}.`] : []
  if (left === null) return news.join('')
  const hour = minuteOf(end).slice(11)
  return [...news, `${remaining(end - now)} left (${hour}). To stay: berth extend ${short(id)} --by 30m`].join(' ')
}

/** The command accepts the beginning of an id; with that, a warning fits into one line of 80 characters. */
function short(id: string): string {
  return id.slice(0, 8)
}

/** "2026-11-24 14:30 UTC", rounded down: never later than the real end. */
function minuteOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function remaining(ms: number): string {
  const minutes = Math.floor((ms + MAX_DELAY_MS) / MINUTE_MS)
  const [count, unit] = minutes > 0 ? [minutes, 'minute'] : [Math.floor(ms / 1_000), 'second']
  return counted(count, unit)
}
