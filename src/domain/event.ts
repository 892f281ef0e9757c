/** The audit log: who changed what, when. Append-only. */

export const EVENT_KINDS = [
  'reservation.waiting',
  'reservation.preparing',
  'reservation.active',
  'reservation.extended',
  /** It was put on hold. */
  'reservation.held',
  /** Its note was changed. */
  'reservation.noted',
  /** A container in which no account could be made was swapped for another one. */
  'reservation.substituted',
  'reservation.ending',
  'reservation.ended',
  'container.creating',
  'container.ready',
  'container.reserved',
  'container.removing',
  'container.broken',
  'container.quarantined',
  /** A fresh container was requested in its place. */
  'container.reset',
  /** Another generation took its place under a running reservation. */
  'container.replaced',
  'container.dropped',
  'pool.scaled',
  'token.created',
  'token.deleted',
  /** A shell was opened in a reserved container. Events contain nothing that was typed or shown. */
  'terminal.opened',
  'terminal.closed',
] as const

export type EventKind = (typeof EVENT_KINDS)[number]

export interface BerthEvent {
  /** Grows with every event; gaps are possible. */
  readonly id: number
  /** Epoch milliseconds. */
  readonly at: number
  readonly kind: EventKind
  /** Name of the identity that caused it; "berth" for the manager itself. */
  readonly by: string
  readonly pool: string | null
  readonly container: string | null
  readonly generation: number | null
  readonly reservation: string | null
  /** Whose reservation it concerns. */
  readonly owner: string | null
  readonly username: string | null
  /** For people: an outcome, a reason, a new size. */
  readonly detail: string | null
}

/** Which events to read, oldest first. */
export interface EventFilter {
  /** Only later ones. */
  readonly after: number
  readonly limit: number
  /** If there are more than `limit`, the latest instead of the first. */
  readonly latest?: boolean
  readonly kind?: EventKind
  readonly pool?: string
  readonly container?: string
  readonly reservation?: string
  readonly owner?: string
}
