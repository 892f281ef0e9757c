/** What the holder of a container is told inside it, and when. Pure: words and times. */
import { formatDuration } from './duration.ts'
import { ANYONE } from './identity.ts'
import { isActive, type Reservation } from './reservation.ts'

const MINUTE = 60_000
/** How long before the end the terminals are warned, in milliseconds; the last warning first. */
const WARNINGS = [MINUTE, 10 * MINUTE]
/** A warning comes a moment after its time: this much late, it still says "10 minutes". */
const LATE = 5_000

/** Something that the terminals have not been told yet. */
export interface Notice {
  /** The end that it tells of. */
  readonly end: number
  /** The warning whose time has come, by its milliseconds before the end; null when none has. */
  readonly left: number | null
  /** That end is a new one. */
  readonly extended: boolean
}

/** What is to be told now; null when there is nothing. One notice does for all that has become due meanwhile. */
export function dueNotice(reservation: Reservation, now: number): Notice | null {
  const { expiresAt: end } = reservation
  if (end === null || !isActive(reservation, now)) return null
  const extended = isExtended(reservation)
  const left = warningsOf(reservation).find((before) => now >= end - before) ?? null
  if (extended) return { end, left, extended }
  return left !== null && left < lastTold(reservation) ? { end, left, extended } : null
}

/** When something is to be told next, after now; Infinity when nothing is. */
export function nextNotice(reservation: Reservation, now: number): number {
  const { expiresAt: end } = reservation
  if (end === null || !isActive(reservation, now)) return Number.POSITIVE_INFINITY
  const times = warningsOf(reservation)
    .filter((before) => before < lastTold(reservation))
    .map((before) => end - before)
  return Math.min(...times.filter((time) => time > now), Number.POSITIVE_INFINITY)
}

/** Those that lie within its time: nobody is warned of an end that was just agreed upon. */
function warningsOf({ activeAt, expiresAt }: Reservation): number[] {
  return WARNINGS.filter((before) => activeAt !== null && expiresAt !== null && activeAt < expiresAt - before)
}

function isExtended({ toldEnd, expiresAt }: Reservation): boolean {
  return toldEnd !== null && toldEnd !== expiresAt
}

/** The last warning of the present end that was told; those of an earlier end do not count. */
function lastTold(reservation: Reservation): number {
  return (isExtended(reservation) ? null : reservation.toldLeft) ?? Number.POSITIVE_INFINITY
}

/** For /etc/motd, which everybody sees who logs in. */
export function motdOf(
  { id, pool, owner, username, keepaliveMs }: Pick<Reservation, 'id' | 'pool' | 'owner' | 'username' | 'keepaliveMs'>,
  end: number,
): string {
  const holder = owner === username || owner === ANYONE.name ? username : `${username} (${owner})`
  const lines = [
    '',
    `This container of pool ${pool} is held by ${holder} until ${minuteOf(end)}. Then it is destroyed.`,
    `To extend it: berth extend ${short(id)} --by 30m`,
    `          or: PATCH /v1/reservations/${id} {"extend": "30m"}`,
  ]
  if (keepaliveMs !== null) {
    lines.push(`It ends earlier unless every ${formatDuration(keepaliveMs)} somebody calls`)
    lines.push(`              POST /v1/reservations/${id}/keepalive`)
  }
  return [...lines, ''].map((line) => `${printable(line)}\n`).join('')
}

/** One line for the open terminals. */
export function lineOf({ id }: Pick<Reservation, 'id'>, { end, left, extended }: Notice, now: number): string {
  const news = extended ? [`Extended until ${minuteOf(end)}.`] : []
  if (left === null) return news.join('')
  const hour = minuteOf(end).slice(11)
  return [...news, `${remaining(end - now)} left (${hour}). To stay: berth extend ${short(id)} --by 30m`].join(' ')
}

/** The command takes the beginning of an id; with it, a warning fits into one line of 80 characters. */
function short(id: string): string {
  return id.slice(0, 8)
}

/** "2026-11-24 14:30 UTC", rounded down, so that it never promises too much. */
function minuteOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function remaining(ms: number): string {
  const minutes = Math.floor((ms + LATE) / MINUTE)
  const [count, unit] = minutes > 0 ? [minutes, 'minute'] : [Math.floor(ms / 1_000), 'second']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** Names come from outside, some from an identity provider: none of them steers a terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '?')
}
