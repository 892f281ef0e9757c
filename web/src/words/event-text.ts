/** Events of the audit log in words. */
import type { Event } from '../api/types.ts'
import { clockText, type TimeWords } from './time.ts'

/** Name of the manager itself in `by`. */
const MANAGER = 'berth'
/** Name of every caller while the manager wants no authentication. */
const ANYONE = 'anyone'

/** Returns what happened: "ada released alice's reservation in alpine". Times are those of the event's day. */
export function eventText(event: Event, words: TimeWords): string {
  const { kind } = event
  if (kind.startsWith('reservation.')) return reservationText(event, words)
  if (kind.startsWith('container.')) return containerText(event)
  if (kind === 'pool.scaled') return `${actor(event)} set the size of ${poolOf(event)} to ${event.detail ?? '?'}`
  if (kind === 'token.created') return `${actor(event)} made the token ${event.detail ?? ''}`.trimEnd()
  if (kind === 'token.deleted') return `${actor(event)} deleted the token ${event.detail ?? ''}`.trimEnd()
  return [kind, event.container ?? event.pool, event.detail].filter(Boolean).join(': ')
}

function reservationText(event: Event, words: TimeWords): string {
  const { kind, detail } = event
  const theirs = `the reservation of ${holder(event)} in ${poolOf(event)}`
  switch (kind) {
    case 'reservation.waiting':
      return `${holder(event)} waits for ${poolOf(event)}`
    case 'reservation.preparing':
      return `The account of ${holder(event)} is being made in ${poolOf(event)}`
    case 'reservation.active':
      return `${holder(event)} can log in to ${poolOf(event)}`
    case 'reservation.extended':
      return `${actor(event)} extended ${theirs} ${until(event, words)}`
    case 'reservation.held':
      return `${actor(event)} put ${theirs} on hold ${until(event, words)}`
    case 'reservation.substituted':
      return `${substitution(detail)} in ${theirs}`
    case 'reservation.ending':
      return `${capital(theirs)} ends: ${outcome(event)}`
    case 'reservation.ended':
      return `${capital(theirs)} has ended: ${outcome(event)}`
    default:
      return `${kind}: ${theirs}`
  }
}

function containerText(event: Event): string {
  const { kind, detail, username } = event
  const name = event.container ?? 'A container'
  const why = detail === null ? '' : `: ${detail}`
  switch (kind) {
    case 'container.creating':
      return `${name} is being created`
    case 'container.ready':
      return `${name} is ready`
    case 'container.reserved':
      return username === null ? `${name} is reserved` : `${name} is reserved for ${holder(event)}`
    case 'container.removing':
      return event.by === MANAGER ? `${name} is being removed${why}` : `${actor(event)} recycles ${name}${why}`
    case 'container.broken':
      return `${name} is broken${why}`
    case 'container.quarantined':
      return `${actor(event)} quarantined ${name}${why}`
    case 'container.reset':
      return `${actor(event)} resets ${name}`
    case 'container.replaced':
      return `${name} was replaced under the reservation of ${holder(event)}${why}`
    case 'container.dropped':
      return `${name} is no longer part of ${poolOf(event)}${why}`
    default:
      return `${kind}: ${name}${why}`
  }
}

/** Whether a person would want to read it in a short list: not the steps of recycling. */
export function isNoteworthy({ kind, by }: Pick<Event, 'kind' | 'by'>): boolean {
  const steps = ['creating', 'ready', 'reserved', 'removing', 'dropped'].map((step) => `container.${step}`)
  if (kind === 'container.removing') return by !== MANAGER
  return !steps.includes(kind) && kind !== 'reservation.preparing' && kind !== 'reservation.ending'
}

function actor({ by }: Event): string {
  if (by === ANYONE) return 'A caller'
  return by === MANAGER ? 'Berth' : by
}

/** "alice", and whose account it is where the owner has another name: "alice (ada)". */
function holder({ username, owner }: Event): string {
  if (username === null) return owner ?? 'a tenant'
  return owner === null || owner === username || owner === ANYONE ? username : `${username} (${owner})`
}

function poolOf({ pool }: Event): string {
  return pool ?? 'a pool'
}

function until({ detail, at }: Event, words: TimeWords): string {
  const end = Date.parse(detail?.replace(/^until /, '') ?? '')
  return Number.isNaN(end) ? (detail ?? '') : `until ${clockText(end, Date.parse(at), words)}`
}

function outcome(event: Event): string {
  const { detail, by } = event
  if (detail === 'released' && by !== MANAGER && by !== ANYONE) return `released by ${by}`
  if (detail === 'expired') return 'its time is up'
  if (detail === 'abandoned') return 'its keepalive calls stopped'
  return detail ?? 'over'
}

/** "alpine-1 -> alpine-2: REASON" */
function substitution(detail: string | null): string {
  const [, from, to, reason] = /^(\S+) -> (\S+?): (.*)$/s.exec(detail ?? '') ?? []
  return from === undefined ? `A container was swapped (${detail ?? '?'})` : `${to} replaced ${from} (${reason})`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
