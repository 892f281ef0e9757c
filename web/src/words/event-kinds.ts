import type { Event } from '../api/types.ts'

/** Every kind of event. A kind that the API adds is an error of the types here. */
const KINDS: Readonly<Record<Event['kind'], true>> = {
  'reservation.waiting': true,
  'reservation.preparing': true,
  'reservation.active': true,
  'reservation.extended': true,
  'reservation.held': true,
  'reservation.noted': true,
  'reservation.substituted': true,
  'reservation.ending': true,
  'reservation.ended': true,
  'container.creating': true,
  'container.ready': true,
  'container.reserved': true,
  'container.removing': true,
  'container.broken': true,
  'container.quarantined': true,
  'container.reset': true,
  'container.replaced': true,
  'container.dropped': true,
  'pool.scaled': true,
  'token.created': true,
  'token.deleted': true,
  'terminal.opened': true,
  'terminal.closed': true,
}

export const EVENT_KINDS = Object.keys(KINDS) as readonly Event['kind'][]

export function isEventKind(text: string): text is Event['kind'] {
  return Object.hasOwn(KINDS, text)
}
