/** What a container says about its reservation: /etc/motd, and the file that the session commands read. */
import { formatDuration } from '../text/duration.ts'
import { forTerminal } from '../text/foreign-text.ts'
import type { LocalTime } from '../text/local-time.ts'
import { ANONYMOUS } from '../identity.ts'
import type { Reservation } from '../reservation.ts'

/** What a tenant can do from inside the container. Texts mention only what works there. */
export interface SessionContext {
  /** Whether the container has the session commands, and a relay that carries their requests. */
  readonly hasCommands: boolean
  /** Whether the pool lets tenants extend and release from inside. */
  readonly selfService: boolean
}

export interface SessionTexts {
  /** Text of /etc/motd, which every login shows. */
  readonly motd: string
  /** Text of the file that the session commands read. */
  readonly session: string
}

type SessionReservation = Pick<Reservation, 'id' | 'pool' | 'owner' | 'username' | 'keepaliveMs' | 'count'>

export function sessionTextsOf(
  reservation: SessionReservation,
  end: number,
  context: SessionContext & { readonly localTime: LocalTime },
): SessionTexts {
  const until = context.localTime.dateAndTime(end)
  return { motd: motdOf(reservation, until, context), session: sessionOf(reservation, { end, until }, context) }
}

function motdOf(reservation: SessionReservation, until: string, context: SessionContext): string {
  const { pool, owner, username, keepaliveMs } = reservation
  const reservedBy = isNamed(owner) && owner !== username ? ` The Berth user ${owner} reserved it.` : ''
  const lines = [
    '',
    `This container of pool ${pool} is held by ${username} until ${until}.`,
    `Then it is destroyed.${reservedBy}`,
    ...waysToStay(reservation, context),
  ]
  if (keepaliveMs !== null) {
    lines.push(`It ends earlier if the program that reserved it does not call for ${formatDuration(keepaliveMs)}.`)
  }
  return asLines([...lines, ''])
}

/**
 * Returns lines of NAME=TEXT. If `refusal` is not empty, `extend` and `release` only print it, because no request would
 * be answered.
 */
function sessionOf(
  reservation: SessionReservation,
  { end, until }: { readonly end: number; readonly until: string },
  { hasCommands, selfService }: SessionContext,
): string {
  const refusal = !selfService ? whyNotInside(reservation) : hasCommands ? '' : howToExtendOutside(reservation)
  const lines = [`end=${Math.floor(end / 1_000)}`, `until=${until}`, `containers=${reservation.count}`]
  return asLines([...lines, `refusal=${refusal}`])
}

function howToExtendOutside(reservation: Pick<Reservation, 'id'>): string {
  return `To extend it, on the machine where it was reserved: ${berthCommand(reservation)}`
}

/** Returns why session commands are refused in a pool without self-service. */
export function whyNotInside(reservation: Pick<Reservation, 'owner' | 'username'>): string {
  const advice = whoDecides(reservation)
  return `This pool does not let tenants do that. ${advice.slice(0, 1).toUpperCase()}${advice.slice(1)}.`
}

/** Returns the end of a warning: how to keep the container. */
export function howToStay(
  reservation: Pick<Reservation, 'id' | 'owner' | 'username'>,
  { hasCommands, selfService }: SessionContext,
): string {
  if (!selfService) return forTerminal(`To stay, ${whoDecides(reservation)}.`)
  return hasCommands ? 'To stay: extend 30m' : `To stay, where you reserved it: ${berthCommand(reservation)}`
}

function waysToStay(reservation: SessionReservation, { hasCommands, selfService }: SessionContext): string[] {
  if (selfService) return [hasCommands ? 'Commands: time-left, extend 30m, release' : howToExtendOutside(reservation)]
  const timeLeft = hasCommands ? ['How long is left: time-left'] : []
  return [...timeLeft, `To extend or release it, ${whoDecides(reservation)}.`]
}

/** Returns advice that begins with a verb in lower case. */
function whoDecides({ owner, username }: Pick<Reservation, 'owner' | 'username'>): string {
  if (!isNamed(owner)) return 'ask the person who gave you this container'
  if (owner === username) return 'use the command berth on the machine where you reserved it'
  return `ask the Berth user ${owner}, who reserved it`
}

function isNamed(owner: string): boolean {
  return owner !== ANONYMOUS.name
}

/** The command accepts the beginning of an id. */
function berthCommand({ id }: Pick<Reservation, 'id'>): string {
  return `berth extend ${id.slice(0, 8)} --by 30m`
}

function asLines(lines: readonly string[]): string {
  return lines.map((line) => `${forTerminal(line)}\n`).join('')
}
