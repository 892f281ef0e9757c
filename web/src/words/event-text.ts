/** Events of the audit log in words. */
import type { Event } from '../api/types.ts'
import { accountText, ANYONE, MANAGER } from './callers.ts'
import { endIn, outcomeIn, substitutionIn } from './event-details.ts'
import { clockText, type TimeWords } from './time.ts'

type TextOf = (event: Event, words: TimeWords) => string

const TEXTS: Readonly<Record<Event['kind'], TextOf>> = {
  'reservation.waiting': (event) => `${holder(event)} is waiting for ${poolOf(event)}`,
  'reservation.preparing': (event) => `The account of ${holder(event)} is being created in ${poolOf(event)}`,
  'reservation.active': (event) => `${holder(event)} can log in to ${poolOf(event)}`,
  'reservation.extended': (event, words) => `${actor(event)} extended ${theirs(event)} ${until(event, words)}`,
  'reservation.held': (event, words) => `${actor(event)} put ${theirs(event)} on hold ${until(event, words)}`,
  'reservation.noted': (event) => noteChange(event),
  'reservation.substituted': (event) => `${substitution(event.detail)} in ${theirs(event)}`,
  'reservation.ending': (event) => `${capital(theirs(event))} ends: ${outcome(event)}`,
  'reservation.ended': (event) => `${capital(theirs(event))} has ended: ${outcome(event)}`,
  'container.creating': (event) => `${nameOf(event)} is being created`,
  'container.ready': (event) => `${nameOf(event)} is ready`,
  'container.reserved': (event) => `${nameOf(event)} is reserved for ${holder(event)}`,
  'container.removing': (event) => removal(event),
  'container.broken': (event) => `${nameOf(event)} is broken${why(event)}`,
  'container.quarantined': (event) => `${actor(event)} quarantined ${nameOf(event)}${why(event)}`,
  'container.reset': (event) => `${actor(event)} reset ${nameOf(event)}`,
  'container.replaced': (event) => `${nameOf(event)} was replaced under ${theirs(event)}${why(event)}`,
  'container.dropped': (event) => `${nameOf(event)} is no longer part of ${poolOf(event)}${why(event)}`,
  'pool.scaled': (event) => `${actor(event)} set the size of ${poolOf(event)} to ${event.detail ?? '?'}`,
  'token.created': (event) => `${actor(event)} created a token${why(event)}`,
  'token.deleted': (event) => `${actor(event)} deleted a token${why(event)}`,
  'terminal.opened': (event) => `${actor(event)} opened a terminal in ${nameOf(event)}`,
  'terminal.closed': (event) => `The terminal of ${holder(event)} in ${nameOf(event)} was closed${why(event)}`,
}

/** Returns what happened: "The reservation of alice in alpine has ended: released by ada". */
export function eventText(event: Event, words: TimeWords): string {
  // A later manager may know more kinds than this page.
  const textOf: TextOf | undefined = TEXTS[event.kind]
  return textOf?.(event, words) ?? [event.kind, event.container ?? event.pool, event.detail].filter(Boolean).join(': ')
}

/** Whether the event belongs in a short list, which omits the steps of recycling. */
export function isNoteworthy({ kind, by, reservation }: Pick<Event, 'kind' | 'by' | 'reservation'>): boolean {
  const steps = ['creating', 'ready', 'reserved', 'removing', 'dropped'].map((step) => `container.${step}`)
  // After a release, the event of the reservation says it.
  if (kind === 'container.removing') return by !== MANAGER && reservation === null
  return !steps.includes(kind) && kind !== 'reservation.preparing' && kind !== 'reservation.ending'
}

function actor({ by }: Event): string {
  if (by === ANYONE) return 'A caller'
  return by === MANAGER ? 'Berth' : by
}

/** Returns "alice", or "alice (ada)" if the owner has another name. */
function holder({ username, owner }: Event): string {
  if (username === null) return owner ?? 'a tenant'
  return owner === null ? username : accountText(username, owner)
}

function theirs(event: Event): string {
  return `the reservation of ${holder(event)} in ${poolOf(event)}`
}

function noteChange(event: Event): string {
  const { detail } = event
  if (detail === null) return `${actor(event)} removed the note of ${theirs(event)}`
  return `${actor(event)} changed the note of ${theirs(event)}: ${detail}`
}

function nameOf({ container }: Event): string {
  return container ?? 'A container'
}

function why({ detail }: Event): string {
  return detail === null ? '' : `: ${detail}`
}

/** The manager removes released containers; a person recycles. */
function removal(event: Event): string {
  if (event.by === MANAGER) return `${nameOf(event)} is being removed${why(event)}`
  return `${actor(event)} had ${nameOf(event)} removed${why(event)}`
}

function poolOf({ pool }: Event): string {
  return pool ?? 'a pool'
}

function until({ detail, at }: Event, words: TimeWords): string {
  const end = endIn(detail)
  return end === null ? (detail ?? '') : `until ${clockText(end, Date.parse(at), words)}`
}

function outcome({ detail, by }: Event): string {
  switch (outcomeIn(detail)) {
    case 'released':
      return by === MANAGER || by === ANYONE ? 'released' : `released by ${by}`
    case 'expired':
      return 'its time is up'
    case 'abandoned':
      return 'its keepalive calls stopped'
    case null:
      return detail ?? 'over'
  }
}

function substitution(detail: string | null): string {
  const found = substitutionIn(detail)
  if (found === null) return `A container was replaced (${detail ?? '?'})`
  return `${found.to} replaced ${found.from} (${found.reason})`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
