/** What tenants read on open terminals, and when. Pure: texts and times. */
import { longSpan } from '../text/duration.ts'
import type { LocalTime } from '../text/local-time.ts'
import { isActive, type Reservation } from '../reservation.ts'
import { howToStay, type SessionContext } from './texts.ts'

const MINUTE_MS = 60_000
/** Time of the last line before access ends: early enough to be written in every container of a class. */
const LAST_LINE_MS = 5_000
/** Times of the warnings before the end, the last one first. */
const WARNINGS_MS = [LAST_LINE_MS, MINUTE_MS, 10 * MINUTE_MS]
/** Time of the warning in a reservation that is too short for the earlier ones. */
const SHORT_WARNING_MS = MINUTE_MS / 2
/** A warning arrives a moment after its time: with up to this delay it still says "10 minutes". */
const MAX_DELAY_MS = 5_000
/** Nothing is written in this time before the end: it would delay the engine in revoking access. */
const QUIET_MS = 1_000

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
  if (end === null || now > end - QUIET_MS || !isActive(reservation, now)) return null
  const extended = isExtended(reservation)
  const left = warningsOf(reservation).find((before) => now >= end - before) ?? null
  if (extended) return { end, left, extended }
  return left !== null && left < lastNotified(reservation) ? { end, left, extended } : null
}

/** Returns when the next notification is due after `now`; Infinity if none is. */
export function nextNotificationAt(reservation: Reservation, now: number): number {
  const { expiresAt: end } = reservation
  if (end === null || !isActive(reservation, now)) return Number.POSITIVE_INFINITY
  const last = lastNotified(reservation)
  let next = Number.POSITIVE_INFINITY
  for (const before of warningsOf(reservation)) {
    if (before < last && end - before > now) next = Math.min(next, end - before)
  }
  return next
}

/** Returns the warnings that lie within its time. A tenant is not warned of an end that was just requested. */
function warningsOf({ activeAt, expiresAt }: Reservation): number[] {
  const isWithin = (before: number) => activeAt !== null && expiresAt !== null && activeAt < expiresAt - before
  const warnings = WARNINGS_MS.filter(isWithin)
  if (warnings.length === 1 && isWithin(SHORT_WARNING_MS)) warnings.push(SHORT_WARNING_MS)
  return warnings
}

function isExtended({ notifiedEnd, expiresAt }: Reservation): boolean {
  return notifiedEnd !== null && notifiedEnd !== expiresAt
}

/** Returns the last warning shown for the current end. Warnings for an earlier end do not count. */
function lastNotified(reservation: Reservation): number {
  return (isExtended(reservation) ? null : reservation.notifiedLeft) ?? Number.POSITIVE_INFINITY
}

/** Line for the open terminals when a tenant has released the reservation from inside. */
export const RELEASED_LINE = 'This reservation was released. Its containers are destroyed now.'

interface LineContext extends SessionContext {
  readonly now: number
  readonly localTime: LocalTime
}

/** Returns the line for the open terminals. */
export function lineOf(
  reservation: Pick<Reservation, 'id' | 'owner' | 'username' | 'heldAt'>,
  { end, left, extended }: Notification,
  context: LineContext,
): string {
  const { now, localTime } = context
  // On hold, the end may be earlier than before.
  const news = extended
    ? [`${reservation.heldAt === null ? 'Extended' : 'On hold'} until ${localTime.dateAndTime(end)}.`]
    : []
  if (left === null) return news.join('')
  if (left <= LAST_LINE_MS) {
    return [...news, `Time is up. Access ends in ${longSpan(end - now)}; this container is destroyed.`].join(' ')
  }
  const warning = `${remaining(end - now)} left, until ${localTime.timeOfDay(end)}.`
  return [...news, warning, howToStay(reservation, context)].join(' ')
}

function remaining(ms: number): string {
  return ms + MAX_DELAY_MS >= MINUTE_MS ? longSpan(ms + MAX_DELAY_MS) : longSpan(ms)
}
