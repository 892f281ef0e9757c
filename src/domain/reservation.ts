/** Who holds which containers until when. */
import type { Account } from './account.ts'
import type { Pool } from './pool.ts'

/** waiting -> preparing -> active -> ending -> ended; time runs from active. */
export const RESERVATION_STATES = ['waiting', 'preparing', 'active', 'ending', 'ended'] as const

export type ReservationState = (typeof RESERVATION_STATES)[number]

/** How it ended. abandoned: no keepalive call came in time; cancelled: released before it was active. */
export type Outcome = 'released' | 'expired' | 'abandoned' | 'failed' | 'cancelled'

/** One container of a reservation. */
interface Hold {
  readonly container: string
  /** The generation in which its account was made; null before. Differs from the container's after a replacement. */
  readonly accountGeneration: number | null
}

/** Times are epoch milliseconds. */
export interface Reservation {
  readonly id: string
  readonly pool: string
  /** Name of the identity that reserved it. */
  readonly owner: string
  readonly username: string
  /** SHA-512 crypt. Kept until the end, to make the account again in a replaced container. */
  readonly passwordHash: string | null
  readonly sshKeys: readonly string[]
  readonly state: ReservationState
  /** Number of containers that were requested. While it waits it has none. */
  readonly count: number
  readonly createdAt: number
  /** Duration in milliseconds, from `active` on. */
  readonly durationMs: number
  /** If it is still preparing at this time, its manager has stopped. No other manager touches it before. */
  readonly prepareBy: number
  /** Whether its caller may come back for it: then an interrupted preparation is resumed; otherwise it fails. */
  readonly promised: boolean
  /** Until when it waits, or waited, for containers; null if it never did. */
  readonly waitUntil: number | null
  /** Position in the queue of its pool: the lowest is served first. null if it never waited. */
  readonly position: number | null
  /** When it became active; null before. */
  readonly activeAt: number | null
  /** null before it is active. */
  readonly expiresAt: number | null
  /** It is abandoned this many milliseconds after the last keepalive call; null if it needs no such calls. */
  readonly keepaliveMs: number | null
  /** When it is abandoned unless a keepalive call comes; null if it needs no such calls. */
  readonly aliveUntil: number | null
  /** The end that its terminals were last notified of; null before it is active. */
  readonly notifiedEnd: number | null
  /** The last warning for that end, in milliseconds before it; null before the first. */
  readonly notifiedLeft: number | null
  /** When its end was recorded; null before `ending`. */
  readonly endedAt: number | null
  readonly outcome: Outcome | null
  /** Why it failed; null if it did not. */
  readonly reason: string | null
  /** Free text of its owner. */
  readonly note: string | null
  /** Short name that its owner chose, unique among their open reservations; null without one. */
  readonly name: string | null
  /** When it was put on hold, which is possible once; null if it never was. */
  readonly heldAt: number | null
  readonly holds: readonly Hold[]
}

/** Returns when and how it ends by itself; null while it is being prepared. */
export function dueEnd(reservation: Reservation): { at: number; outcome: 'expired' | 'abandoned' | 'failed' } | null {
  const { state, waitUntil, expiresAt, aliveUntil } = reservation
  const at = state === 'waiting' ? waitUntil : expiresAt
  if (aliveUntil !== null && (at === null || aliveUntil < at)) return { at: aliveUntil, outcome: 'abandoned' }
  return at === null ? null : { at, outcome: state === 'waiting' ? 'failed' : 'expired' }
}

/** Returns whether the reservation's time is up, even if its end is not recorded yet. */
export function isDue(reservation: Reservation, now: number): boolean {
  const due = dueEnd(reservation)
  return due !== null && now >= due.at
}

/** Whether its tenant has access. Every read checks this, so that an expired reservation never looks active. */
export function isActive(reservation: Reservation, now: number): boolean {
  return reservation.state === 'active' && !isDue(reservation, now)
}

/** Returns the reservation's state at `now`: `ending` once its time is up, even if its end is not recorded yet. */
export function stateAt(reservation: Reservation, now: number): ReservationState {
  const { state } = reservation
  return state !== 'ended' && isDue(reservation, now) ? 'ending' : state
}

/**
 * Returns the number of containers that count against the limits of an owner, including those of waiting reservations.
 * A claim counts them in its own transaction.
 */
export function heldBy(reservations: readonly Reservation[], owner: string, now: number): number {
  const theirs = reservations.filter((r) => r.owner === owner && stateAt(r, now) !== 'ending')
  return theirs.reduce((sum, { count }) => sum + count, 0)
}

/** Returns the reservation of each reserved container, by the container's name. */
export function holdersOf(reservations: readonly Reservation[]): ReadonlyMap<string, Reservation> {
  return new Map(reservations.flatMap((r) => r.holds.map((hold) => [hold.container, r] as const)))
}

/** Returns the account that a reservation has inside its containers. */
export function accountOf(reservation: Reservation, pool: Pool, texts: Pick<Account, 'motd' | 'session'>): Account {
  const { username, passwordHash, sshKeys } = reservation
  return { username, passwordHash, sshKeys, sudo: pool.sudo, ...texts }
}

/** Returns user name and the beginning of the id, for the log: "alice (87830adc)". */
export function describeReservation({ id, username }: Pick<Reservation, 'id' | 'username'>): string {
  return `${username} (${id.slice(0, 8)})`
}
